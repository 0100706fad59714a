// npm `express-openid-connect`: a web application with a session of its own.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import express from 'express';
import oidc from 'express-openid-connect';
import { page as open } from '../support/browser.mjs';
import { logIn } from '../support/login.mjs';
import { HEALTH_API, application, decode, issuer, jane } from '../support/ready.mjs';
import { site } from '../support/site.mjs';

const { auth, attemptSilentLogin, requiresAuth } = oidc;
const web = application('Health Web');
const URL_ = 'https://localhost:3001';
const CODE = {
  clientSecret: web.client_secret,
  clientAuthMethod: 'client_secret_post',
  authorizationParams: {
    response_type: 'code',
    audience: HEALTH_API,
    scope: 'openid profile email offline_access read:patients',
  },
};

const serve = async (t, options = {}) => {
  const app = express();
  app.use(
    auth({
      issuerBaseURL: issuer,
      baseURL: URL_,
      clientID: web.client_id,
      secret: 'a secret for the cookies of this application',
      authRequired: false,
      idpLogout: true,
      routes: { postLogoutRedirect: '/' },
      ...options,
    }),
  );
  app.get('/favicon.ico', (_, response) => response.sendStatus(204));
  app.get('/', (request, response) =>
    response.send(`<title>Web</title>${request.oidc.isAuthenticated() ? 'somebody' : 'nobody'}`),
  );
  app.get('/user', requiresAuth(), (request, response) => response.json(request.oidc.user));
  app.get('/silent', attemptSilentLogin(), (request, response) => response.json(request.oidc.user ?? null));
  app.get('/userinfo', requiresAuth(), async (request, response) => response.json(await request.oidc.fetchUserInfo()));
  app.get('/token', requiresAuth(), (request, response) => response.json(request.oidc.accessToken));
  app.get('/refresh', requiresAuth(), async (request, response) => {
    const before = request.oidc.refreshToken;
    response.json({ ...(await request.oidc.accessToken.refresh()), before, after: request.oidc.refreshToken });
  });
  app.use((error, _request, response, _next) =>
    response.status(error.status ?? 500).json({ error: error.error, message: error.message }),
  );
  const there = await site(3001, app);
  t.after(there.stop);
};

/** What the application answers to the browser, as JSON. */
const json = async (page, path) => {
  await page.goto(URL_ + path);
  return JSON.parse(await page.locator('body').innerText());
};
const loggedIn = async (page) => {
  await page.goto(`${URL_}/user`);
  await logIn(page);
  await page.waitForURL(`${URL_}/user`);
  return JSON.parse(await page.locator('body').innerText());
};

describe('express-openid-connect', () => {
  test('as it is: id_token by form_post, without a secret', async (t) => {
    await serve(t);
    const page = await open(t);
    const posted = page.waitForRequest(
      (request) => request.url() === `${URL_}/callback` && request.method() === 'POST',
    );
    const user = await loggedIn(page);
    assert.equal(user.sub, jane.user_id);
    assert.equal(user.email, jane.email);
    assert.equal(user.family_name, 'Doe');
    const body = new URLSearchParams((await posted).postData());
    assert.deepEqual([...body.keys()].sort(), ['id_token', 'state']);
    assert.equal(decode(body.get('id_token')).payload.aud, web.client_id);
  });

  test('code: access token, refresh token and userinfo', async (t) => {
    await serve(t, CODE);
    const page = await open(t);
    await loggedIn(page);
    const token = await json(page, '/token');
    assert.equal(token.token_type, 'Bearer');
    assert.equal(decode(token.access_token).payload.scope, 'openid profile email offline_access read:patients');
    assert.equal((await json(page, '/userinfo')).email, jane.email);
    const refreshed = await json(page, '/refresh');
    assert.ok(refreshed.before && refreshed.access_token);
    assert.equal((await json(page, '/userinfo')).sub, jane.user_id);
  });

  test('code id_token: by form_post', async (t) => {
    await serve(t, {
      ...CODE,
      authorizationParams: { ...CODE.authorizationParams, response_type: 'code id_token', response_mode: 'form_post' },
    });
    const page = await open(t);
    assert.equal((await loggedIn(page)).sub, jane.user_id);
    assert.equal(decode((await json(page, '/token')).access_token).payload.azp, web.client_id);
  });

  for (const [name, options] of [
    ['id_token', {}],
    ['code', CODE],
  ]) {
    test(`idpLogout ends both sessions: ${name}`, async (t) => {
      await serve(t, options);
      const page = await open(t);
      await loggedIn(page);
      await page.goto(`${URL_}/logout`);
      await page.waitForURL(`${URL_}/`);
      await page.getByText('nobody').waitFor();
      assert.equal(await json(page, '/silent'), null);
      await page.goto(`${URL_}/user`);
      await page.locator('input[name=password]').waitFor();
    });
  }

  test('attemptSilentLogin finds the session of another application', async (t) => {
    await serve(t);
    const page = await open(t);
    await loggedIn(page);
    await page.context().clearCookies({ name: /^appSession/ });
    assert.equal((await json(page, '/silent')).sub, jane.user_id);
  });
});
