// npm `oidc-client-ts`: a library that goes by the standards alone.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { page as open } from '../support/browser.mjs';
import { logIn } from '../support/login.mjs';
import { newApplication } from '../support/manage.mjs';
import { HEALTH_API, decode, issuer, jane } from '../support/ready.mjs';
import { bundle, shell, site } from '../support/site.mjs';
import { ask, leave, refused, started } from '../support/spa.mjs';

const URL_ = 'https://localhost:3000';
const AUDIENCE = { extraQueryParams: { audience: HEALTH_API } };

/** Registers and serves the application; gives its client id. */
const serve = async (t, options = {}) => {
  const app = await newApplication(t, {
    app_type: 'spa',
    callbacks: [URL_],
    web_origins: [URL_],
    allowed_logout_urls: [URL_],
    refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring', leeway: 0 },
  });
  const values = { ISSUER: issuer, CLIENT_ID: app.client_id, OPTIONS: { scope: 'openid profile email', ...options } };
  const there = await site(3000, { '/': shell(), '/app.js': await bundle('oidc.mjs', values) });
  t.after(there.stop);
  return app.client_id;
};

const loggedIn = async (page, options) => {
  await page.goto(URL_);
  await started(page, URL_);
  await leave(page, 'login', options);
  await logIn(page);
  const { value, error, description } = await started(page, URL_);
  assert.equal(error, undefined, description);
  return value.user;
};

describe('oidc-client-ts', () => {
  test('signinRedirect: the user, the claims of userinfo, and what was to be remembered', async (t) => {
    const client_id = await serve(t, { loadUserInfo: true });
    const page = await open(t);
    const user = await loggedIn(page, { state: { target: 'patients' } });
    assert.deepEqual(user.state, { target: 'patients' });
    assert.equal(user.profile.sub, jane.user_id);
    assert.equal(user.profile.aud, client_id);
    assert.equal(user.profile.email, jane.email);
    assert.equal(user.expired, false);
    assert.ok(user.profile.sid);
  });

  test('signinPopup: the popup keeps its opener', async (t) => {
    await serve(t, AUDIENCE);
    const page = await open(t);
    await page.goto(URL_);
    await started(page, URL_);
    const [popup, done] = [page.waitForEvent('popup'), ask(page, 'popup')];
    await logIn(await popup);
    const user = await done;
    assert.equal(user.profile.sub, jane.user_id);
    assert.equal(decode(user.access_token).payload.sub, jane.user_id);
  });

  test('silent renew by an iframe, then without a session', async (t) => {
    await serve(t, AUDIENCE);
    const page = await open(t);
    const user = await loggedIn(page);
    const frames = [];
    page.on('framenavigated', (frame) => frame !== page.mainFrame() && frames.push(new URL(frame.url()).searchParams));
    const renewed = await ask(page, 'silent');
    assert.equal(renewed.profile.sub, jane.user_id);
    assert.equal(renewed.profile.sid, user.profile.sid);
    assert.ok(frames.some((query) => query.has('code')));
    await page.context().clearCookies();
    assert.deepEqual(await refused(page, 'silent'), { error: 'login_required', description: 'Login required' });
  });

  test('silent renew by a refresh token, which rotates, and is revoked', async (t) => {
    await serve(t, { ...AUDIENCE, scope: 'openid offline_access read:patients' });
    const page = await open(t);
    const user = await loggedIn(page);
    assert.ok(user.refresh_token);
    const renewed = await ask(page, 'silent');
    assert.notEqual(renewed.refresh_token, user.refresh_token);
    assert.equal(decode(renewed.access_token).payload.scope, 'openid offline_access read:patients');
    await ask(page, 'revoke', ['refresh_token']);
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: renewed.profile.aud,
      refresh_token: renewed.refresh_token,
    });
    const answer = await fetch(`${issuer}oauth/token`, { method: 'POST', body });
    assert.equal(answer.status, 403);
    assert.equal((await answer.json()).error, 'invalid_grant');
  });

  test('signoutRedirect ends the session and comes back with its state', async (t) => {
    await serve(t);
    const page = await open(t);
    await loggedIn(page);
    await leave(page, 'logout', { state: { from: 'patients' } });
    const { value } = await started(page, URL_);
    assert.deepEqual(value.signedOut, { from: 'patients' });
    assert.equal(await ask(page, 'user'), null);
    assert.equal((await refused(page, 'silent')).error, 'login_required');
  });
});
