// npm `@auth0/auth0-react` in React's last two versions.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serveApi } from '../support/api.mjs';
import { page as open } from '../support/browser.mjs';
import { consent, logIn } from '../support/login.mjs';
import { newApplication, newUser } from '../support/manage.mjs';
import { HEALTH_API, domain, issuer, jane } from '../support/ready.mjs';
import { bundle, shell, site } from '../support/site.mjs';

const VERSIONS = {
  'React 19': {},
  'React 18': { react: 'react-18', 'react-dom': 'react-dom-18' },
};
const URL_ = 'https://localhost:3000';

/** The application as a real one would be registered: with a way back after logout. */
const register = (t, settings) =>
  newApplication(t, {
    app_type: 'spa',
    callbacks: [URL_],
    web_origins: [URL_],
    allowed_logout_urls: [URL_],
    ...settings,
  });

const serve = async (
  t,
  alias,
  { client_id },
  parameters = { audience: HEALTH_API, scope: 'openid profile read:patients' },
) => {
  const api = await serveApi(t);
  const values = { DOMAIN: domain, CLIENT_ID: client_id, API: api, PARAMETERS: parameters };
  const there = await site(3000, { '/': shell(), '/app.js': await bundle('react.jsx', values, alias) });
  t.after(there.stop);
};

for (const [version, alias] of Object.entries(VERSIONS)) {
  describe(`auth0-react: ${version}`, () => {
    test('log in, call the API, reload, log out', async (t) => {
      await serve(t, alias, await register(t));
      const page = await open(t);
      await page.goto(URL_);
      await page.getByRole('button', { name: 'Log in', exact: true }).click();
      await logIn(page);
      await page.getByRole('heading', { name: 'Hello, Jane Doe' }).waitFor();
      assert.equal(page.url(), `${URL_}/?from=home`);
      await page.getByRole('button', { name: 'Call the API' }).click();
      await page.getByText(`The API answered 200 to ${jane.user_id}`).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: 'Hello, Jane Doe' }).waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
      await page.getByRole('button', { name: 'Log in', exact: true }).click();
      await page.locator('input[name=password]').waitFor();
      assert.ok(page.url().startsWith(`${issuer}u/login`));
    });

    test('log in with a popup', async (t) => {
      await serve(t, alias, await register(t));
      const page = await open(t);
      await page.goto(URL_);
      const popup = page.waitForEvent('popup');
      await page.getByRole('button', { name: 'Log in with a popup' }).click();
      await logIn(await popup);
      await page.getByRole('heading', { name: 'Hello, Jane Doe' }).waitFor();
    });

    test('a page that needs a user leads to the login and back', async (t) => {
      await serve(t, alias, await register(t));
      const page = await open(t);
      await page.goto(`${URL_}/patients`);
      await logIn(page);
      await page.waitForURL(`${URL_}/patients`);
    });

    test('a denial is shown', async (t) => {
      const third = {
        is_first_party: false,
        third_party_security_mode: 'permissive',
        redirection_policy: 'allow_always',
      };
      await serve(t, alias, await register(t, third), { scope: 'openid profile' });
      const page = await open(t);
      await page.goto(URL_);
      await page.getByRole('button', { name: 'Log in', exact: true }).click();
      await logIn(page, await newUser(t));
      await consent(page, 'deny');
      await page.getByRole('alert').filter({ hasText: 'access_denied' }).waitFor();
    });
  });
}
