// The server under test, as its ready file tells it, and tokens to look into.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const ready = JSON.parse(readFileSync(process.env.READY_FILE, 'utf8'));
export const { issuer, domain } = ready;
export const HEALTH_API = 'https://example.com/health-api';
export const LEGACY_API = 'https://example.com/legacy-health-api';

export const application = (name) => {
  const found = ready.applications.find((app) => app.name === name);
  assert.ok(found, `the ready file has no application "${name}"`);
  return found;
};

/** A user of the example tenant: `jane` or `sam`. */
export const person = (name) => {
  const found = ready.users.find((user) => user.email === `${name}@example.com`);
  assert.ok(found, `the ready file has no user ${name}`);
  return found;
};
export const jane = person('jane');
export const sam = person('sam');

const part = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());
export const decode = (token) => {
  const [header, payload, signature, ...rest] = token.split('.');
  assert.ok(signature && rest.length === 0, 'a signed token has three parts');
  return { header: part(header), payload: part(payload) };
};

/** A name nobody else uses, so that tests can run twice against one server. */
let last = 0;
export const unique = (word) => `${word}-${process.pid}-${Date.now().toString(36)}-${++last}`;
