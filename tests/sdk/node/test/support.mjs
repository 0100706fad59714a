// What every test file needs: the server as its ready file tells it, and tokens to look into.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { AuthenticationClient, ManagementClient } from 'auth0';

export const ready = JSON.parse(readFileSync(process.env.READY_FILE, 'utf8'));
export const issuer = ready.issuer;
export const domain = ready.domain;
export const HEALTH_API = 'https://example.com/health-api';
export const LEGACY_API = 'https://example.com/legacy-health-api';

export const application = (name) => {
  const found = ready.applications.find((app) => app.name === name);
  assert.ok(found, `the ready file has no application "${name}"`);
  return found;
};
export const api = (identifier) => {
  const found = ready.apis.find((entry) => entry.identifier === identifier);
  assert.ok(found, `the ready file has no API ${identifier}`);
  return found;
};

export const management = new ManagementClient({
  domain,
  clientId: ready.management.client_id,
  clientSecret: ready.management.client_secret,
});

/** `AuthenticationClient` of an application of the ready file, or of one that a test has created. */
export const authentication = ({ client_id, client_secret }) =>
  new AuthenticationClient({ domain, clientId: client_id, clientSecret: client_secret });

export const accessToken = async (app, parameters) => {
  const { data } = await authentication(app).oauth.clientCredentialsGrant(parameters);
  return data.access_token;
};

const part = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());
export const decode = (token) => {
  const [header, payload, signature, ...rest] = token.split('.');
  assert.ok(signature && rest.length === 0, 'a signed token has three parts');
  return { header: part(header), payload: part(payload) };
};

/** The same token with one claim changed and the old signature kept. */
export const tampered = (token, change) => {
  const [header, payload, signature] = token.split('.');
  const changed = Buffer.from(JSON.stringify({ ...part(payload), ...change })).toString('base64url');
  return [header, changed, signature].join('.');
};

/** A name nobody else uses, so that tests can run twice against one server. */
let last = 0;
export const unique = (word) => `${word}-${process.pid}-${Date.now().toString(36)}-${++last}`;

/** A new API, a new application and, where scopes are given, the grant that joins them. Gone after the test. */
export const machine = async (t, { scopes = ['read:things', 'write:things'], granted, app = {}, api = {} } = {}) => {
  const identifier = `https://example.com/${unique('things')}`;
  const server = await management.resourceServers.create({
    name: 'Things',
    identifier,
    scopes: scopes.map((value) => ({ value, description: `may ${value}` })),
    ...api,
  });
  t.after(() => management.resourceServers.delete(server.id));
  const client = await management.clients.create({
    name: unique('Machine'),
    app_type: 'non_interactive',
    grant_types: ['client_credentials'],
    ...app,
  });
  t.after(() => management.clients.delete(client.client_id));
  const grant =
    granted &&
    (await management.clientGrants.create({ client_id: client.client_id, audience: identifier, scope: granted }));
  return { server, client, grant, identifier };
};
