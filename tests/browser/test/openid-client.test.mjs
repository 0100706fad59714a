// npm `openid-client`: every flow with a user, checked by a certified library.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as client from 'openid-client';
import { page as open } from '../support/browser.mjs';
import { arrive, loopbackCallback, webCallback } from '../support/callback.mjs';
import { logIn } from '../support/login.mjs';
import { newApplication } from '../support/manage.mjs';
import { HEALTH_API, application, decode, issuer, jane, sam } from '../support/ready.mjs';
import { shell, site } from '../support/site.mjs';

const web = application('Health Web');
const cli = application('Health CLI');
const API = { audience: HEALTH_API };

const discover = (app, method) => client.discovery(new URL(issuer), app.client_id, undefined, method);
const asWeb = () => discover(web, client.ClientSecretPost(web.client_secret));
const asCli = () => discover(cli, client.None());

/** The parameters of a request, and the checks on its answer. */
const proof = async (redirect_uri, parameters) => {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  };
  const sent = {
    redirect_uri,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  };
  return { checks, sent };
};

/** From the login page to tokens, by a code. */
const codeFlow = async (page, config, callback, parameters, options) => {
  const { checks, sent } = await proof(callback, parameters);
  const answer = await arrive(page, client.buildAuthorizationUrl(config, sent), callback, options);
  return client.authorizationCodeGrant(config, answer, {
    ...checks,
    idTokenExpected: true,
    maxAge: parameters.max_age && Number(parameters.max_age),
  });
};

const refused = (status, error) => (thrown) => {
  assert.ok(thrown instanceof client.ResponseBodyError, thrown);
  assert.deepEqual([thrown.status, thrown.error], [status, error]);
  return true;
};

describe('openid-client: codes', () => {
  test('a native application: PKCE, a loopback port, refresh, userinfo, revocation', async (t) => {
    const [config, callback, page] = [await asCli(), await loopbackCallback(t), await open(t)];
    const scope = 'openid email offline_access read:patients';
    const tokens = await codeFlow(page, config, callback, { scope, ...API, max_age: '3600' });
    assert.equal(tokens.claims().sub, jane.user_id);
    assert.equal(typeof tokens.claims().auth_time, 'number');
    const info = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    assert.equal(info.email, jane.email);
    const next = await client.refreshTokenGrant(config, tokens.refresh_token, { scope: 'openid read:patients' });
    assert.equal(next.scope, 'openid read:patients');
    const last = next.refresh_token ?? tokens.refresh_token;
    await client.tokenRevocation(config, last, { token_type_hint: 'refresh_token' });
    await assert.rejects(client.refreshTokenGrant(config, last), refused(403, 'invalid_grant'));
  });

  test('a web application by form_post; its code comes twice, and what it gave ends (RFC6749-4.1.2-single-use)', async (t) => {
    const [config, callback, page] = [await asWeb(), await webCallback(t), await open(t)];
    const { checks, sent } = await proof(callback, {
      scope: 'openid offline_access',
      ...API,
      response_mode: 'form_post',
    });
    const answer = await arrive(page, client.buildAuthorizationUrl(config, sent), callback);
    const again = answer.clone();
    const tokens = await client.authorizationCodeGrant(config, answer, checks);
    assert.ok(tokens.refresh_token && tokens.id_token);
    await assert.rejects(client.authorizationCodeGrant(config, again, checks), refused(403, 'invalid_grant'));
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), refused(403, 'invalid_grant'));
  });

  test('a refresh token with another application ends (TOKEN-26)', async (t) => {
    const [config, callback, page] = [await asWeb(), await webCallback(t), await open(t)];
    const { refresh_token } = await codeFlow(page, config, callback, { scope: 'openid offline_access', ...API });
    await assert.rejects(client.refreshTokenGrant(await asCli(), refresh_token), refused(403, 'invalid_grant'));
    await assert.rejects(client.refreshTokenGrant(config, refresh_token), refused(403, 'invalid_grant'));
  });

  test('another verifier, and another callback (RFC7636-4.6)', async (t) => {
    const [config, callback, page] = [await asWeb(), await webCallback(t), await open(t)];
    const first = await proof(callback, { scope: 'openid' });
    const answer = await arrive(page, client.buildAuthorizationUrl(config, first.sent), callback);
    const wrong = { ...first.checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
    await assert.rejects(client.authorizationCodeGrant(config, answer, wrong), refused(403, 'invalid_grant'));
    const second = await proof(callback, { scope: 'openid' });
    const elsewhere = new URL(await arrive(page, client.buildAuthorizationUrl(config, second.sent), callback));
    elsewhere.pathname = '/other';
    await assert.rejects(
      client.authorizationCodeGrant(config, elsewhere, second.checks),
      refused(403, 'unauthorized_client'),
    );
  });

  test('prompt=login asks again, and max_age=0 too', async (t) => {
    const [config, callback, page] = [await asWeb(), await webCallback(t), await open(t)];
    const first = await codeFlow(page, config, callback, { scope: 'openid' });
    for (const more of [{ prompt: 'login' }, { max_age: '0' }]) {
      const { checks, sent } = await proof(callback, { scope: 'openid', ...more });
      await page.goto(client.buildAuthorizationUrl(config, sent).href);
      assert.match(page.url(), /\/u\/login/, JSON.stringify(more));
      await logIn(page);
      await page.waitForURL(`${callback}?**`);
      const tokens = await client.authorizationCodeGrant(config, new URL(page.url()), checks);
      assert.equal(tokens.claims().sub, first.claims().sub);
    }
  });

  test('introspection: active until it is revoked, and only for whom it concerns', async (t) => {
    const [config, callback, page] = [await asWeb(), await webCallback(t), await open(t)];
    const tokens = await codeFlow(page, config, callback, { scope: 'openid offline_access', ...API });
    const seen = await client.tokenIntrospection(config, tokens.refresh_token);
    assert.equal(seen.active, true);
    assert.equal((await client.tokenIntrospection(config, tokens.access_token)).active, true);
    assert.equal((await client.tokenIntrospection(config, 'nonsense')).active, false);
    await client.tokenRevocation(config, tokens.refresh_token);
    assert.deepEqual(await client.tokenIntrospection(config, tokens.refresh_token), { active: false });
  });
});

describe('openid-client: tokens from the authorization endpoint', () => {
  for (const response_mode of ['fragment', 'form_post']) {
    test(`id_token by ${response_mode}`, async (t) => {
      const [config, callback, page] = [await asWeb(), await webCallback(t), await open(t)];
      client.useIdTokenResponseType(config);
      const nonce = client.randomNonce();
      const sent = { redirect_uri: callback, scope: 'openid email', nonce, state: 'kept', response_mode };
      const answer = await arrive(page, client.buildAuthorizationUrl(config, sent), callback);
      const claims = await client.implicitAuthentication(config, answer, nonce, { expectedState: 'kept' });
      assert.equal(claims.sub, jane.user_id);
      assert.equal(claims.email, jane.email);
    });

    test(`code id_token by ${response_mode}`, async (t) => {
      const [config, callback, page] = [await asWeb(), await webCallback(t), await open(t)];
      client.useCodeIdTokenResponseType(config);
      const tokens = await codeFlow(page, config, callback, { scope: 'openid', response_mode });
      assert.equal(tokens.claims().sub, jane.user_id);
    });
  }

  test('each response type gives what it names, in the fragment', async (t) => {
    const [config, callback, page] = [await asWeb(), await webCallback(t), await open(t)];
    for (const response_type of ['token', 'token id_token', 'code token', 'code token id_token']) {
      const { sent } = await proof(callback, { scope: 'openid', ...API, response_type });
      const answer = await arrive(page, client.buildAuthorizationUrl(config, sent), callback);
      const given = new URLSearchParams(answer.hash.slice(1));
      const names = { code: 'code', token: 'access_token', id_token: 'id_token' };
      for (const [word, name] of Object.entries(names)) {
        assert.equal(given.has(name), response_type.split(' ').includes(word), `${response_type}: ${name}`);
      }
      assert.equal(given.get('state'), sent.state);
      assert.equal(decode(given.get('access_token')).payload.sub, jane.user_id);
      assert.equal(given.has('refresh_token'), false);
    }
  });

  test('an application that may not: unauthorized_client (AUTHZ-18)', async (t) => {
    const callback = await webCallback(t);
    const app = await newApplication(t, {
      app_type: 'regular_web',
      callbacks: [callback],
      grant_types: ['authorization_code'],
    });
    const [config, page] = [await discover(app, client.ClientSecretPost(app.client_secret)), await open(t)];
    const { sent } = await proof(callback, { scope: 'openid', response_type: 'id_token' });
    const answer = await arrive(page, client.buildAuthorizationUrl(config, sent), callback);
    assert.equal(new URLSearchParams(answer.hash.slice(1)).get('error'), 'unauthorized_client');
  });
});

describe('openid-client: devices', () => {
  const start = (config) =>
    client.initiateDeviceAuthorization(config, { scope: 'openid offline_access read:patients', ...API });
  /** The person has answered before the device asks, so that nobody waits. */
  const poll = (config, device) => client.pollDeviceAuthorizationGrant(config, { ...device, interval: 0 });

  test('a device is let in by a browser elsewhere', async (t) => {
    const [config, page] = [await asCli(), await open(t)];
    const device = await start(config);
    await page.goto(device.verification_uri_complete);
    assert.equal((await page.locator('#code').innerText()).replace('-', ''), device.user_code.replace('-', ''));
    await page.locator('#accept').click();
    await logIn(page, sam);
    await page.getByRole('heading').waitFor();
    const tokens = await poll(config, device);
    assert.equal(tokens.claims().sub, sam.user_id);
    assert.equal(decode(tokens.access_token).payload.scope, 'openid offline_access read:patients');
    assert.ok((await client.refreshTokenGrant(config, tokens.refresh_token)).access_token);
    await assert.rejects(poll(config, device), client.ResponseBodyError);
  });

  test('the code typed by hand, and a denial', async (t) => {
    const [config, page] = [await asCli(), await open(t)];
    const device = await start(config);
    await page.goto(device.verification_uri);
    await page.locator('input[name=user_code]').fill(device.user_code.toLowerCase());
    await page.locator('#submit').click();
    await page.locator('#deny').click();
    await page.getByRole('heading').waitFor();
    await assert.rejects(poll(config, device), refused(403, 'access_denied'));
  });
});

describe('openid-client: logout (OIDC RP-Initiated Logout)', () => {
  const prepare = async (t) => {
    const there = await site(3001, { '/': shell('') });
    t.after(there.stop);
    const [config, page] = [await asWeb(), await open(t)];
    const tokens = await codeFlow(page, config, `${there.url}/callback`, { scope: 'openid' });
    const silent = async () => {
      const { sent } = await proof(`${there.url}/callback`, { scope: 'openid', prompt: 'none' });
      const answer = await arrive(page, client.buildAuthorizationUrl(config, sent), `${there.url}/callback`);
      return answer.searchParams.get('error') ?? 'in';
    };
    const away = (more) =>
      client.buildEndSessionUrl(config, { post_logout_redirect_uri: `${there.url}/`, state: 'kept', ...more }).href;
    return { page, tokens, silent, away, back: `${there.url}/?state=kept` };
  };

  test('with the ID token: at once, back with the state', async (t) => {
    const { page, tokens, silent, away, back } = await prepare(t);
    assert.equal(await silent(), 'in');
    await page.goto(away({ id_token_hint: tokens.id_token }));
    await page.waitForURL(back);
    assert.equal(await silent(), 'login_required');
  });

  test('without it the person is asked first (LOGOUT-01)', async (t) => {
    const { page, silent, away, back } = await prepare(t);
    await page.goto(away());
    await page.locator('#deny').click();
    assert.equal(await silent(), 'in');
    await page.goto(away());
    await page.locator('#accept').click();
    await page.waitForURL(back);
    assert.equal(await silent(), 'login_required');
  });
});
