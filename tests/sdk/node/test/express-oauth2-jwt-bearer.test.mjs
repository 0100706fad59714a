// npm `express-oauth2-jwt-bearer`: somebody else's API takes our good token and refuses the others.
import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { after, before, describe, mock, test } from 'node:test';
import express from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import { HEALTH_API, accessToken, application, decode, issuer, machine, ready, tampered } from './support.mjs';

/** An API on loopback that is protected in the way of the SDK's documentation. */
const start = async (options) => {
  const app = express();
  app.use(auth(options));
  app.get('/patients', requiredScopes('read:patients'), (req, res) => res.json(req.auth.payload));
  app.post('/patients', requiredScopes('write:patients'), (_, res) => res.status(201).json({}));
  app.get('/open', (req, res) => res.json(req.auth.payload));
  app.use((error, _req, res, _next) =>
    res.status(error.status ?? 500).set(error.headers ?? {}).json({ code: error.code, message: error.message }),
  );
  const server = await new Promise((resolve) => {
    const listening = app.listen(0, '127.0.0.1', () => resolve(listening));
  });
  const call = async (token, path = '/patients', method = 'GET') => {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const answer = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { method, headers });
    return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() };
  };
  return { call, stop: () => new Promise((resolve) => server.close(resolve)) };
};
const refused = (answer, message) => {
  assert.equal(answer.status, 401);
  assert.equal(answer.body.code, 'invalid_token');
  assert.match(answer.challenge, /^Bearer realm="api", error="invalid_token"/);
  assert.match(answer.body.message, message);
};

describe('express-oauth2-jwt-bearer', () => {
  const sync = application('Health Sync');
  let api;
  let token;
  before(async () => {
    api = await start({ issuerBaseURL: issuer, audience: HEALTH_API });
    token = await accessToken(sync, { audience: HEALTH_API });
  });
  after(() => api.stop());

  test('the good token opens it', async () => {
    const { status, body } = await api.call(token);
    assert.equal(status, 200);
    assert.deepEqual(body, decode(token).payload);
    assert.equal(body.azp, sync.client_id);
  });

  test('its scope opens one door and not the next', async () => {
    const { status, challenge, body } = await api.call(token, '/patients', 'POST');
    assert.equal(status, 403);
    assert.equal(body.code, 'insufficient_scope');
    assert.match(challenge, /scope="write:patients"/);
  });

  test('no token', async () => {
    const { status, challenge } = await api.call();
    assert.equal(status, 401);
    assert.match(challenge, /^Bearer realm="api"(,|$)/);
  });

  test('a token for the Management API', async () => {
    const other = await accessToken(ready.management, { audience: ready.management.audience });
    refused(await api.call(other), /Unexpected 'aud' value/);
  });

  test('a token of another API', async (t) => {
    const { client, identifier } = await machine(t, { granted: ['read:things'] });
    refused(await api.call(await accessToken(client, { audience: identifier })), /Unexpected 'aud' value/);
  });

  test('a changed token', async () => {
    refused(await api.call(tampered(token, { scope: 'read:patients write:patients' })), /signature verification failed/);
    refused(await api.call(tampered(token, { exp: 9999999999 })), /signature verification failed/);
  });

  test('an unsigned token', async () => {
    const [, payload] = token.split('.');
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const { status } = await api.call(`${none}.${payload}.`);
    assert.equal(status, 401);
  });

  test('a token signed with the public key as if it were a secret', async () => {
    const { keys } = await (await fetch(`${issuer}.well-known/jwks.json`)).json();
    const jwk = keys.find((key) => key.kid === decode(token).header.kid);
    const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: jwk.kid })).toString('base64url');
    const start = `${header}.${token.split('.')[1]}`;
    const forged = `${start}.${createHmac('sha256', pem).update(start).digest('base64url')}`;
    const { status, body } = await api.call(forged);
    assert.equal(status, 401);
    assert.equal(body.code, 'invalid_token');
  });

  test('a token of an HS256 API: refused without its secret, taken with it', async (t) => {
    const { client, identifier, server } = await machine(t, {
      granted: ['read:things'],
      api: { signing_alg: 'HS256' },
    });
    const symmetric = await accessToken(client, { audience: identifier });
    refused(await api.call(symmetric), /./);
    const asymmetric = await start({ issuerBaseURL: issuer, audience: identifier });
    t.after(asymmetric.stop);
    assert.equal((await asymmetric.call(symmetric, '/open')).status, 401);
    const knowing = await start({ issuer, audience: identifier, secret: server.signing_secret, tokenSigningAlg: 'HS256' });
    t.after(knowing.stop);
    const { status, body } = await knowing.call(symmetric, '/open');
    assert.equal(status, 200);
    assert.equal(body.azp, client.client_id);
  });

  test('a token of RFC 9068 is taken by a strict API', async (t) => {
    const { client, identifier } = await machine(t, {
      granted: ['read:things'],
      api: { token_dialect: 'rfc9068_profile' },
    });
    const strict = await start({ issuerBaseURL: issuer, audience: identifier, strict: true });
    t.after(strict.stop);
    const { status, body } = await strict.call(await accessToken(client, { audience: identifier }), '/open');
    assert.equal(status, 200);
    assert.equal(body.client_id, client.client_id);
  });

  test('an expired token', async () => {
    const { exp } = decode(token).payload;
    // The SDK reads the clock of this process, so this clock is moved past the token's end.
    mock.timers.enable({ apis: ['Date'], now: (exp + 60) * 1000 });
    try {
      refused(await api.call(token), /"exp" claim timestamp check failed/);
    } finally {
      mock.timers.reset();
    }
  });
});
