// The Management API, with the application that may do everything.
import assert from 'node:assert/strict';
import { ready, unique } from './ready.mjs';

const { audience, client_id, client_secret } = ready.management;
let token;

const fetchToken = async () => {
  const body = new URLSearchParams({ grant_type: 'client_credentials', client_id, client_secret, audience });
  const answer = await fetch(`${ready.issuer}oauth/token`, { method: 'POST', body });
  assert.equal(answer.status, 200);
  return (await answer.json()).access_token;
};

const send = async (method, path, body) => {
  token ??= fetchToken();
  const headers = { authorization: `Bearer ${await token}`, 'content-type': 'application/json' };
  return fetch(audience + path, { method, headers, body: body && JSON.stringify(body) });
};

const call = async (method, path, body) => {
  let answer = await send(method, path, body);
  if (answer.status === 401) {
    token = undefined; // the server's clock was moved past its end
    answer = await send(method, path, body);
  }
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return text && JSON.parse(text);
};

/** `manage.get('users/…')`, and so on; fails on anything but success. */
export const manage = {
  get: (path) => call('GET', path),
  post: (path, body) => call('POST', path, body),
  patch: (path, body) => call('PATCH', path, body),
  put: (path, body) => call('PUT', path, body),
  delete: (path) => call('DELETE', path),
};

/** An application, gone after the test. */
export const newApplication = async (t, settings = {}) => {
  const made = await manage.post('clients', { name: unique('App'), ...settings });
  t.after(() => manage.delete(`clients/${made.client_id}`));
  return made;
};

/** A user with a password and a verified address, gone after the test. */
export const newUser = async (t, settings = {}) => {
  const password = 'a-Long-enough-Passw0rd';
  const made = await manage.post('users', {
    connection: 'Username-Password-Authentication',
    email: `${unique('someone')}@example.com`,
    email_verified: true,
    password,
    ...settings,
  });
  t.after(() => manage.delete(`users/${encodeURIComponent(made.user_id)}`));
  return { password, ...made };
};
