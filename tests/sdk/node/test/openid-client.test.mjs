// npm `openid-client`: discovery, and the three ways in which an application proves who it is.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as client from 'openid-client';
import { HEALTH_API, application, decode, issuer, machine, management } from './support.mjs';

const sync = application('Health Sync');
const discovered = (id, how) => client.discovery(new URL(issuer), id, undefined, how);
const KINDS = {
  RS256: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  PS256: { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
  ES256: { name: 'ECDSA', namedCurve: 'P-256' },
};

const keyPair = async (alg) => {
  const pair = await crypto.subtle.generateKey(KINDS[alg], true, ['sign', 'verify']);
  const spki = Buffer.from(await crypto.subtle.exportKey('spki', pair.publicKey)).toString('base64');
  const lines = spki.match(/.{1,64}/g).join('\n');
  return { privateKey: pair.privateKey, pem: `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n` };
};
const keyedMachine = async (t, alg) => {
  const { privateKey, pem } = await keyPair(alg);
  const credentials = [{ credential_type: 'public_key', name: 'k1', pem, alg }];
  const made = await machine(t, {
    granted: ['read:things'],
    app: { client_authentication_methods: { private_key_jwt: { credentials } } },
  });
  const [credential] = await management.clients.credentials.list(made.client.client_id);
  assert.equal(credential.alg, alg);
  return { ...made, key: { key: privateKey, kid: credential.kid } };
};
const check = (answer, { client_id, audience, scope }) => {
  assert.equal(answer.token_type, 'bearer');
  assert.equal(answer.expiresIn() > 86000, true);
  const { payload } = decode(answer.access_token);
  assert.equal(payload.iss, issuer);
  assert.equal(payload.aud, audience);
  assert.equal(payload.azp, client_id);
  assert.equal(payload.sub, `${client_id}@clients`);
  assert.equal(payload.scope, scope);
};

describe('openid-client', () => {
  test('discovery', async () => {
    const config = await discovered(sync.client_id, client.ClientSecretPost(sync.client_secret));
    const server = config.serverMetadata();
    assert.equal(server.issuer, issuer);
    assert.equal(server.token_endpoint, `${issuer}oauth/token`);
    assert.equal(server.jwks_uri, `${issuer}.well-known/jwks.json`);
    for (const method of ['client_secret_basic', 'client_secret_post', 'private_key_jwt']) {
      assert.ok(server.token_endpoint_auth_methods_supported.includes(method), method);
    }
    const oauth = await client.discovery(new URL(issuer), sync.client_id, undefined, client.None(), { algorithm: 'oauth2' });
    assert.equal(oauth.serverMetadata().token_endpoint, server.token_endpoint);
  });

  test('client_secret_post', async () => {
    const config = await discovered(sync.client_id, client.ClientSecretPost(sync.client_secret));
    const answer = await client.clientCredentialsGrant(config, { audience: HEALTH_API, scope: 'read:patients' });
    check(answer, { client_id: sync.client_id, audience: HEALTH_API, scope: 'read:patients' });
  });

  test('client_secret_basic', async (t) => {
    const { client: app, identifier } = await machine(t, {
      granted: ['read:things'],
      app: { token_endpoint_auth_method: 'client_secret_basic' },
    });
    const config = await discovered(app.client_id, client.ClientSecretBasic(app.client_secret));
    const answer = await client.clientCredentialsGrant(config, { audience: identifier });
    check(answer, { client_id: app.client_id, audience: identifier, scope: 'read:things' });
  });

  test('a resource indicator (RFC 8707) names the API too', async () => {
    const config = await discovered(sync.client_id, client.ClientSecretPost(sync.client_secret));
    const answer = await client.clientCredentialsGrant(config, { resource: HEALTH_API });
    check(answer, { client_id: sync.client_id, audience: HEALTH_API, scope: 'read:patients' });
  });

  for (const alg of ['RS256', 'PS256', 'ES256']) {
    test(`private_key_jwt with ${alg}`, async (t) => {
      const supported = (await discovered(sync.client_id)).serverMetadata().token_endpoint_auth_signing_alg_values_supported;
      if (!supported.includes(alg)) return t.skip('not offered');
      const { client: app, identifier, key } = await keyedMachine(t, alg);
      const config = await discovered(app.client_id, client.PrivateKeyJwt(key));
      const answer = await client.clientCredentialsGrant(config, { audience: identifier });
      check(answer, { client_id: app.client_id, audience: identifier, scope: 'read:things' });
    });
  }

  test('an assertion by another key, for another server, or used twice is refused', async (t) => {
    const { client: app, identifier, key } = await keyedMachine(t, 'RS256');
    const other = { key: (await keyPair('RS256')).privateKey, kid: key.kid };
    const abroad = { [client.modifyAssertion]: (_, payload) => (payload.aud = 'https://example.com/') };
    const repeated = { [client.modifyAssertion]: (_, payload) => (payload.jti = `once-${app.client_id}`) };
    const ask = async (key, options) => {
      const config = await discovered(app.client_id, client.PrivateKeyJwt(key, options));
      return client.clientCredentialsGrant(config, { audience: identifier });
    };
    const refused = (error) => {
      assert.ok(error instanceof client.ResponseBodyError);
      assert.equal(error.status, 401);
      assert.equal(error.error, 'invalid_client');
      return true;
    };
    await assert.rejects(ask(other), refused);
    await assert.rejects(ask(key, abroad), refused);
    assert.ok((await ask(key, repeated)).access_token);
    await assert.rejects(ask(key, repeated), refused);
  });

  test('an application with a key has no use for a secret', async (t) => {
    const { client: app, identifier } = await keyedMachine(t, 'RS256');
    const config = await discovered(app.client_id, client.ClientSecretPost(app.client_secret ?? 'guessed'));
    await assert.rejects(client.clientCredentialsGrant(config, { audience: identifier }), client.ResponseBodyError);
  });

  test('a refusal arrives with its words', async () => {
    const config = await discovered(sync.client_id, client.ClientSecretPost(sync.client_secret));
    await assert.rejects(client.clientCredentialsGrant(config, { audience: HEALTH_API, scope: 'write:patients' }), (error) => {
      assert.ok(error instanceof client.ResponseBodyError);
      assert.equal(error.status, 403);
      assert.equal(error.error, 'access_denied');
      assert.equal(error.error_description, 'Client has not been granted scopes: write:patients');
      return true;
    });
    const wrong = await discovered(sync.client_id, client.ClientSecretPost('wrong'));
    await assert.rejects(client.clientCredentialsGrant(wrong, { audience: HEALTH_API }), (error) => {
      assert.equal(error.status, 401);
      assert.equal(error.error, 'access_denied');
      assert.equal(error.error_description, 'Unauthorized');
      return true;
    });
    await assert.rejects(client.clientCredentialsGrant(config), (error) => {
      assert.equal(error.status, 403);
      assert.equal(error.error_description, 'No audience parameter was provided, and no default audience has been configured');
      return true;
    });
  });
});
