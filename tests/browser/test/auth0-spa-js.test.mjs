// npm `@auth0/auth0-spa-js` in a page of its own origin.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serveApi } from '../support/api.mjs';
import { context, page as open } from '../support/browser.mjs';
import { mail } from '../support/inbox.mjs';
import { consent, logIn, signUp } from '../support/login.mjs';
import { newApplication, newUser } from '../support/manage.mjs';
import { HEALTH_API, LEGACY_API, application, decode, issuer, jane, sam, unique } from '../support/ready.mjs';
import { ask, leave, refused, serveSpa, serveSpaElsewhere, started, toLogin } from '../support/spa.mjs';

const SPA = application('Health SPA').client_id;
const FORBIDDEN = /status of 403/;
const BAD_REQUEST = /status of 40[01]/;

const loggedIn = async (page, url, who = jane) => {
  await toLogin(page, url);
  await logIn(page, who);
  const { error, value } = await started(page, url);
  assert.equal(error, undefined);
  return value;
};

/** What goes to the token endpoint from here on, from pages and their workers. */
const tokenRequests = (context) => {
  const seen = [];
  context.on('request', (request) => {
    if (request.url() === `${issuer}oauth/token` && request.method() === 'POST') {
      seen.push(Object.fromEntries(new URLSearchParams(request.postData())));
    }
  });
  return seen;
};

describe('auth0-spa-js: login', () => {
  test('loginWithRedirect brings the user, an access token for the API and what the application wanted to remember', async (t) => {
    const url = await serveSpa(t);
    const page = await open(t);
    await toLogin(page, url, { appState: { target: '/patients' } });
    await logIn(page);
    const { value } = await started(page, url);
    assert.deepEqual(value.back.appState, { target: '/patients' });
    const user = await ask(page, 'user');
    assert.equal(user.sub, jane.user_id);
    assert.equal(user.email, jane.email);
    assert.equal(user.given_name, 'Jane');
    const claims = await ask(page, 'claims');
    assert.equal(claims.iss, issuer);
    assert.equal(claims.aud, SPA);
    assert.ok(claims.sid && claims.nonce);
    const { access_token, expires_in } = await ask(page, 'token');
    assert.ok(expires_in > 86000);
    const { payload } = decode(access_token);
    assert.deepEqual(payload.aud, [HEALTH_API, `${issuer}userinfo`]);
    assert.equal(payload.azp, SPA);
    assert.equal(payload.sub, jane.user_id);
    assert.equal(payload.scope, 'openid profile email read:patients');
    assert.equal(payload.email, undefined);
  });

  test('loginWithPopup: the answer is posted to the opener', async (t) => {
    const url = await serveSpa(t);
    const profile = await context(t);
    const page = await profile.newPage();
    await page.goto(url);
    await started(page, url);
    const [popup, done] = [page.waitForEvent('popup'), ask(page, 'popup')];
    const window = await popup;
    const closed = window.waitForEvent('close');
    await logIn(window);
    await done;
    await closed;
    assert.equal((await ask(page, 'user')).sub, jane.user_id);
    assert.equal(decode((await ask(page, 'token')).access_token).payload.sub, jane.user_id);
    assert.equal(new URL(page.url()).search, '');
  });

  test('screen_hint=signup: a new user, and a mail to verify the address', async (t) => {
    const url = await serveSpa(t);
    const page = await open(t);
    await toLogin(page, url, { authorizationParams: { screen_hint: 'signup', login_hint: 'shown@example.com' } });
    assert.equal(await page.locator('input[name=email]').inputValue(), 'shown@example.com');
    const who = { email: `${unique('new')}@example.com`, password: 'a-Long-enough-Passw0rd' };
    await signUp(page, who);
    await started(page, url);
    const user = await ask(page, 'user');
    assert.deepEqual([user.email, user.email_verified], [who.email, false]);
    const { links } = await mail(who.email);
    await page.goto(links[0]);
    await page.locator('form#verify button').click();
    await page.getByRole('heading').waitFor();
    await page.goto(url);
    await started(page, url);
    assert.equal((await ask(page, 'user')).email_verified, true);
  });

  test('connection, login_hint and ui_locales reach the login page', async (t) => {
    const url = await serveSpa(t);
    const page = await open(t);
    await toLogin(page, url, {
      authorizationParams: {
        connection: 'Username-Password-Authentication',
        login_hint: jane.email,
        ui_locales: 'de',
        max_age: 60,
      },
    });
    assert.equal(await page.getAttribute('html', 'lang'), 'de');
    assert.equal(await page.locator('input[name=username]').inputValue(), jane.email);
    await logIn(page);
    assert.equal((await started(page, url)).error, undefined);
    assert.equal(typeof (await ask(page, 'claims')).auth_time, 'number');
  });

  test('what the user does not hold is not in the token, and the application is told', async (t) => {
    const url = await serveSpa(t, { authorizationParams: { scope: 'openid read:patients write:patients read:admin' } });
    const page = await open(t);
    await loggedIn(page, url, sam);
    const token = await ask(page, 'token', { cacheMode: 'off' });
    assert.equal(token.scope, 'openid read:patients write:patients');
    assert.equal(decode(token.access_token).payload.scope, 'openid read:patients write:patients');
  });

  test('without an audience the access token is opaque and opens userinfo', async (t) => {
    const url = await serveSpa(t, { authorizationParams: { audience: undefined, scope: 'openid email' } });
    const page = await open(t);
    await loggedIn(page, url);
    const { access_token } = await ask(page, 'token');
    assert.ok(!access_token.includes('.'));
    const { status, body } = await ask(page, 'get', `${issuer}userinfo`, access_token);
    assert.equal(status, 200);
    assert.equal(body.email, jane.email);
  });
});

describe('auth0-spa-js: which token opens what', () => {
  test('the access token opens the API and userinfo, the ID token neither (JWT-17)', async (t) => {
    const url = await serveSpa(t);
    const api = await serveApi(t);
    const page = await open(t, { expected: [/status of 401 .*patients/, FORBIDDEN, /status of 401 .*userinfo/] });
    await loggedIn(page, url);
    const { access_token } = await ask(page, 'token');
    const { __raw: id_token } = await ask(page, 'claims');

    const patients = await ask(page, 'get', `${api}/patients`, access_token);
    assert.equal(patients.status, 200);
    assert.equal(patients.body.sub, jane.user_id);
    assert.equal((await ask(page, 'get', `${api}/notes`, access_token)).status, 403);
    const wrong = await ask(page, 'get', `${api}/patients`, id_token);
    assert.equal(wrong.status, 401);
    assert.equal(wrong.body.error, 'invalid_token');

    const userinfo = await ask(page, 'get', `${issuer}userinfo`, access_token);
    assert.equal(userinfo.status, 200);
    assert.equal(userinfo.body.email, jane.email);
    const told = await ask(page, 'get', `${issuer}userinfo`, id_token);
    assert.equal(told.status, 401);
    assert.equal(told.body.error, 'invalid_token');
    assert.match(told.body.error_description, /ID token/);
  });
});

describe('auth0-spa-js: silently', () => {
  test('a new token by an iframe and web_message; the page stays where it is', async (t) => {
    const url = await serveSpa(t);
    const page = await open(t);
    await loggedIn(page, url);
    const first = await ask(page, 'token');
    const frames = [];
    page.on('framenavigated', (frame) => frame !== page.mainFrame() && frames.push(frame.url()));
    const second = await ask(page, 'token', { cacheMode: 'off' });
    assert.notEqual(decode(first.id_token).payload.nonce, decode(second.id_token).payload.nonce);
    assert.ok(frames.some((frame) => frame.includes('response_mode=web_message') && frame.includes('prompt=none')));
    assert.equal(decode(second.id_token).payload.sid, decode(first.id_token).payload.sid);
  });

  test('a token for a second API, which opens nothing else', async (t) => {
    const url = await serveSpa(t);
    const page = await open(t, { expected: [/status of 401 .*userinfo/] });
    await loggedIn(page, url);
    const { access_token } = await ask(page, 'token', {
      authorizationParams: { audience: LEGACY_API, scope: 'openid read:patients' },
    });
    const { header, payload } = decode(access_token);
    assert.deepEqual([header.alg, payload.aud], ['HS256', LEGACY_API]);
    assert.equal((await ask(page, 'get', `${issuer}userinfo`, access_token)).status, 401);
    assert.deepEqual(decode((await ask(page, 'token')).access_token).payload.aud, [HEALTH_API, `${issuer}userinfo`]);
  });

  test('a reload finds the session again', async (t) => {
    const url = await serveSpa(t);
    const page = await open(t);
    await loggedIn(page, url);
    await page.reload();
    await started(page, url);
    assert.equal((await ask(page, 'user')).sub, jane.user_id);
  });

  test('without a session: login_required (AUTHZ-31)', async (t) => {
    const url = await serveSpa(t);
    const page = await open(t);
    await page.goto(url);
    await started(page, url);
    assert.deepEqual(await refused(page, 'token'), { error: 'login_required', description: 'Login required' });
  });

  test('on another site the browser keeps its cookies to itself: the iframe finds no session, a refresh token goes on', async (t) => {
    const page = await open(t);
    const alone = await serveSpaElsewhere(t);
    await loggedIn(page, alone);
    assert.equal((await refused(page, 'token', { cacheMode: 'off' })).error, 'login_required');
    const carried = await serveSpaElsewhere(t, { useRefreshTokens: true });
    await page.goto(carried);
    await started(page, carried);
    await leave(page, 'login', {}); // where the server is the page itself, the session is there
    assert.equal((await started(page, carried)).error, undefined);
    assert.ok((await ask(page, 'token', { cacheMode: 'off' })).access_token);
  });

  test('an origin that is not registered gets no answer (AUTHZ-17)', async (t) => {
    const app = await newApplication(t, {
      app_type: 'spa',
      callbacks: ['https://localhost:3000'],
      web_origins: ['https://localhost:3001'],
    });
    const url = await serveSpa(t, { authorizeTimeoutInSeconds: 4 }, app.client_id);
    const page = await open(t, { expected: [BAD_REQUEST, /frame-ancestors 'none'/] });
    await page.goto(url);
    await started(page, url);
    const blocked = page.waitForEvent('console', (message) => /frame-ancestors/.test(message.text()));
    assert.equal((await refused(page, 'token')).error, 'timeout');
    await blocked;
  });
});

describe('auth0-spa-js: refresh tokens', () => {
  const OPTIONS = { useRefreshTokens: true, useRefreshTokensFallback: false };

  /** A page that has logged in, and what it sends to the token endpoint from then on. */
  const begun = async (t, options, hopes) => {
    const url = await serveSpa(t, options);
    const profile = await context(t, hopes);
    const page = await profile.newPage();
    await loggedIn(page, url);
    return { page, seen: tokenRequests(profile) };
  };

  test('the worker exchanges its refresh token for the next one each time (TOKEN-20)', async (t) => {
    const { page, seen } = await begun(t, OPTIONS);
    const tokens = [];
    for (let turn = 0; turn < 3; turn += 1) tokens.push(await ask(page, 'token', { cacheMode: 'off' }));
    assert.deepEqual(
      seen.map((body) => body.grant_type),
      ['refresh_token', 'refresh_token', 'refresh_token'],
    );
    assert.equal(new Set(seen.map((body) => body.refresh_token)).size, 3);
    for (const token of tokens) {
      assert.equal(decode(token.id_token).payload.sub, jane.user_id);
      assert.equal(decode(token.id_token).payload.nonce, undefined);
    }
  });

  test('one that was exchanged comes again: the family ends (TOKEN-21)', async (t) => {
    const { page, seen } = await begun(t, OPTIONS);
    await ask(page, 'token', { cacheMode: 'off' });
    const stolen = { grant_type: 'refresh_token', client_id: SPA, refresh_token: seen[0].refresh_token };
    const answer = await fetch(`${issuer}oauth/token`, { method: 'POST', body: new URLSearchParams(stolen) });
    assert.equal(answer.status, 403);
    assert.equal((await answer.json()).error, 'invalid_grant');
    const { error, description } = await refused(page, 'token', { cacheMode: 'off' });
    assert.equal(error, 'invalid_grant');
    assert.match(description, /invalid refresh token/);
  });

  test('a family that ended is no end: the SDK falls back to the iframe', async (t) => {
    const options = { ...OPTIONS, useRefreshTokensFallback: true, cacheLocation: 'localstorage' };
    const { page, seen } = await begun(t, options, { expected: [FORBIDDEN] });
    await ask(page, 'token', { cacheMode: 'off' });
    const revoked = { client_id: SPA, token: seen[0].refresh_token };
    assert.equal(
      (await fetch(`${issuer}oauth/revoke`, { method: 'POST', body: new URLSearchParams(revoked) })).status,
      200,
    );
    assert.ok((await ask(page, 'token', { cacheMode: 'off' })).access_token);
    assert.deepEqual(
      seen.map((body) => body.grant_type),
      ['refresh_token', 'refresh_token', 'authorization_code'],
    );
  });
});

describe('auth0-spa-js: consent and the end', () => {
  test('a third party that is denied is told so (AUTHZ-44)', async (t) => {
    const app = await newApplication(t, {
      app_type: 'spa',
      is_first_party: false,
      third_party_security_mode: 'permissive',
      redirection_policy: 'allow_always',
      callbacks: ['https://localhost:3000'],
      web_origins: ['https://localhost:3000'],
    });
    const url = await serveSpa(
      t,
      { authorizationParams: { audience: undefined, scope: 'openid profile' } },
      app.client_id,
    );
    const page = await open(t);
    await toLogin(page, url);
    await logIn(page, await newUser(t));
    await consent(page, 'deny');
    const { error, description } = await started(page, url);
    assert.equal(error, 'access_denied');
    assert.match(description, /did not authorize/);
    assert.deepEqual(await refused(page, 'token'), { error: 'consent_required', description: 'Consent required' });
  });

  test('logout ends the session, and only a listed URL is a way back (LOGOUT-02)', async (t) => {
    const app = await newApplication(t, {
      app_type: 'spa',
      callbacks: ['https://localhost:3000'],
      web_origins: ['https://localhost:3000'],
      allowed_logout_urls: ['https://localhost:3000'],
    });
    const url = await serveSpa(t, { authorizationParams: { audience: undefined, scope: 'openid' } }, app.client_id);
    const page = await open(t, { expected: [BAD_REQUEST] });
    await loggedIn(page, url);
    await leave(page, 'logout', { logoutParams: { returnTo: 'https://localhost:3001' } });
    await page.waitForURL(`${issuer}v2/logout?**`);
    await page.locator('#error').waitFor();
    await page.goto(url);
    await started(page, url);
    await leave(page, 'logout', { logoutParams: { returnTo: url } });
    await started(page, url);
    assert.equal(await ask(page, 'user'), undefined);
    assert.equal((await refused(page, 'token')).error, 'login_required');
  });
});
