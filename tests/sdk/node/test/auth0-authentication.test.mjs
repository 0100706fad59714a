// npm `auth0`: an application that acts as itself gets a token for exactly what it was granted.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HEALTH_API, LEGACY_API, api, application, authentication, decode, issuer, machine } from './support.mjs';

const refused = (statusCode, error, description) => (thrown) => {
  assert.equal(thrown.statusCode, statusCode);
  assert.equal(thrown.error, error);
  assert.equal(thrown.error_description, description);
  return true;
};
const noGrant = (audience) =>
  `Client is not authorized to access "${audience}". You need to create a "client-grant" associated to this API. ` +
  'See: https://auth0.com/docs/api/v2#!/Client_Grants/post_client_grants';

describe('auth0: AuthenticationClient', () => {
  const sync = application('Health Sync');

  test('a token for a granted API', async () => {
    const before = Math.floor(Date.now() / 1000);
    const { data, status, headers } = await authentication(sync).oauth.clientCredentialsGrant({ audience: HEALTH_API });
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(data.token_type, 'Bearer');
    assert.equal(data.expires_in, 86400);
    assert.equal(data.scope, 'read:patients');
    assert.equal(data.id_token, undefined);
    assert.equal(data.refresh_token, undefined);

    const { header, payload } = decode(data.access_token);
    assert.deepEqual(Object.keys(header).sort(), ['alg', 'kid', 'typ']);
    assert.equal(header.alg, 'RS256');
    assert.equal(header.typ, 'JWT');
    const { iat, exp, ...rest } = payload;
    assert.ok(iat >= before - 1 && iat <= before + 10);
    assert.equal(exp - iat, 86400);
    assert.deepEqual(rest, {
      iss: issuer,
      sub: `${sync.client_id}@clients`,
      aud: HEALTH_API,
      scope: 'read:patients',
      gty: 'client-credentials',
      azp: sync.client_id,
    });
  });

  test('the scopes are those of the grant, or the part that is asked for', async (t) => {
    const { client, identifier } = await machine(t, {
      scopes: ['a:x', 'b:x', 'c:x'],
      granted: ['a:x', 'b:x'],
    });
    const ask = async (scope) => {
      // The SDK would send an undefined scope as the word "undefined".
      const parameters = scope ? { audience: identifier, scope } : { audience: identifier };
      const { data } = await authentication(client).oauth.clientCredentialsGrant(parameters);
      return decode(data.access_token).payload.scope;
    };
    assert.equal(await ask(undefined), 'a:x b:x');
    assert.equal(await ask('b:x'), 'b:x');
    await assert.rejects(ask('a:x c:x'), refused(403, 'access_denied', 'Client has not been granted scopes: c:x'));
  });

  test('a grant without scopes gives a token without a scope', async (t) => {
    const { client, identifier } = await machine(t, { granted: [] });
    const { data } = await authentication(client).oauth.clientCredentialsGrant({ audience: identifier });
    assert.equal(decode(data.access_token).payload.scope, undefined);
  });

  test('no grant, no token', async (t) => {
    const { client, identifier } = await machine(t);
    await assert.rejects(
      authentication(client).oauth.clientCredentialsGrant({ audience: identifier }),
      refused(403, 'access_denied', noGrant(identifier)),
    );
    await assert.rejects(
      authentication(sync).oauth.clientCredentialsGrant({ audience: LEGACY_API }),
      refused(403, 'access_denied', noGrant(LEGACY_API)),
    );
  });

  test('a scope outside the grant is named', async () => {
    await assert.rejects(
      authentication(sync).oauth.clientCredentialsGrant({
        audience: HEALTH_API,
        scope: 'read:patients write:patients read:admin',
      }),
      refused(403, 'access_denied', 'Client has not been granted scopes: write:patients, read:admin'),
    );
  });

  test('an API that does not exist', async () => {
    const audience = 'https://example.com/nowhere';
    await assert.rejects(
      authentication(sync).oauth.clientCredentialsGrant({ audience }),
      refused(403, 'access_denied', `Service not enabled within domain: ${audience}`),
    );
  });

  test('a wrong secret and an unknown application look the same', async () => {
    for (const wrong of [
      { ...sync, client_secret: 'wrong' },
      { ...sync, client_id: 'nobody' },
    ]) {
      await assert.rejects(
        authentication(wrong).oauth.clientCredentialsGrant({ audience: HEALTH_API }),
        refused(401, 'access_denied', 'Unauthorized'),
      );
    }
  });

  test('an application without the grant type is refused', async (t) => {
    const { client, identifier } = await machine(t, {
      granted: ['read:things'],
      app: { app_type: 'regular_web', grant_types: ['authorization_code'] },
    });
    await assert.rejects(
      authentication(client).oauth.clientCredentialsGrant({ audience: identifier }),
      (error) => error.statusCode === 403 && error.error === 'unauthorized_client',
    );
  });

  test('the dialects of an API show in its tokens', async (t) => {
    const rbac = await machine(t, {
      granted: ['read:things'],
      api: { enforce_policies: true, token_dialect: 'access_token_authz', token_lifetime: 120, token_lifetime_for_web: 60 },
    });
    const authz = await authentication(rbac.client).oauth.clientCredentialsGrant({ audience: rbac.identifier });
    assert.equal(authz.data.expires_in, 120);
    const plain = decode(authz.data.access_token);
    assert.deepEqual(plain.payload.permissions, ['read:things']);
    assert.equal(plain.payload.exp - plain.payload.iat, 120);

    const standard = await machine(t, { granted: ['read:things'], api: { token_dialect: 'rfc9068_profile' } });
    const rfc = await authentication(standard.client).oauth.clientCredentialsGrant({ audience: standard.identifier });
    const { header, payload } = decode(rfc.data.access_token);
    assert.equal(header.typ, 'at+jwt');
    assert.equal(payload.client_id, standard.client.client_id);
    assert.equal(typeof payload.jti, 'string');
    assert.equal(payload.azp, undefined);
    assert.equal(payload.gty, undefined);
  });

  test('an HS256 API signs with its own secret', async (t) => {
    assert.equal(api(LEGACY_API).signing_alg, 'HS256');
    assert.ok(api(LEGACY_API).signing_secret.length >= 16);
    const { client, identifier, server } = await machine(t, {
      granted: ['read:things'],
      api: { signing_alg: 'HS256' },
    });
    assert.ok(server.signing_secret.length >= 16);
    const { data } = await authentication(client).oauth.clientCredentialsGrant({ audience: identifier });
    const { header, payload } = decode(data.access_token);
    assert.equal(header.alg, 'HS256');
    assert.equal(header.kid, undefined);
    assert.equal(payload.aud, identifier);
  });
});
