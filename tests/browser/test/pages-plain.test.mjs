// The pages without a script and without a mouse: each flow by the keyboard alone, where the browser runs no script.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { page as open, until } from '../support/browser.mjs';
import { mail } from '../support/inbox.mjs';
import { manage, newApplication, newUser } from '../support/manage.mjs';
import { application, HEALTH_API, issuer, jane, unique } from '../support/ready.mjs';
import { site } from '../support/site.mjs';

const PASSWORD = 'Ocean-Lamp-Forty-7';

/** An application of the test's own, and a person at the keyboard. */
const visit = async (t, settings = {}) => {
  const posted = [];
  const there = await site(0, async (request, response) => {
    let form = '';
    for await (const part of request) form += part;
    if (form) posted.push(new URLSearchParams(form));
    response.setHeader('content-type', 'text/html');
    response.end('<title>App</title><link rel="icon" href="data:,">');
  });
  t.after(there.stop);
  const { client_id } = await newApplication(t, {
    name: 'Health Portal',
    app_type: 'regular_web',
    callbacks: [there.url],
    grant_types: ['authorization_code'],
    ...settings,
  });
  const page = await open(t, { javaScriptEnabled: false });
  const press = (key) => page.keyboard.press(key);
  const focused = async (id) => (await page.locator(`#${id}:focus`).count()) > 0;
  /** Tabs to this element. */
  const reach = async (id) => {
    for (let tabs = 0; !(await focused(id)); tabs += 1) {
      assert.ok(tabs < 10, `Tab does not reach #${id}`);
      await press('Tab');
    }
  };
  return {
    page,
    posted,
    client_id,
    begin: (more = {}) => {
      const asked = { client_id, redirect_uri: there.url, response_type: 'code', scope: 'openid profile', state: 's', ...more };
      return page.goto(`${issuer}authorize?${new URLSearchParams(asked)}`);
    },
    /** Types into fields and sends them by Enter. The first one has the focus, each other is one Tab away. */
    type: async (fields) => {
      for (const [index, [id, text]] of Object.entries(fields).entries()) {
        if (index === 0) await page.locator(`#${id}:focus`).waitFor();
        else await press('Tab');
        assert.ok(await focused(id), `the focus is not on #${id}`);
        await page.keyboard.type(text);
      }
      await press('Enter');
    },
    /** Tabs to a link or a button and presses it. */
    choose: async (id) => {
      await reach(id);
      await press('Enter');
    },
    titled: async (title) => {
      await until(async () => (await page.title()).startsWith(title), `the page "${title}"`);
      await page.waitForLoadState();
    },
    returned: async () => {
      await page.waitForURL((now) => now.href.startsWith(there.url));
      return new URL(page.url()).searchParams;
    },
  };
};

describe('without a script, by the keyboard alone', () => {
  test('logging in', async (t) => {
    const { begin, type, returned } = await visit(t);
    await begin();
    await type({ username: jane.email, password: jane.password });
    assert.ok((await returned()).get('code'));
  });

  test('signing up', async (t) => {
    const { begin, choose, type, titled, returned } = await visit(t);
    await begin();
    await choose('signup');
    await titled('Create your account');
    await type({ email: `${unique('robin')}@example.com`, password: PASSWORD });
    assert.ok((await returned()).get('code'));
  });

  test('consent, given and refused', async (t) => {
    const { client_id, begin, choose, type, titled, returned } = await visit(t, {
      is_first_party: false,
      third_party_security_mode: 'permissive',
      redirection_policy: 'allow_always',
    });
    const scope = ['read:patients', 'read:admin'];
    await manage.post('client-grants', { client_id, audience: HEALTH_API, scope, subject_type: 'user' });
    const asked = { audience: HEALTH_API, scope: 'openid read:patients', prompt: 'consent' };
    await begin(asked);
    await type({ username: jane.email, password: jane.password });
    await titled('Allow access?');
    await choose('accept');
    assert.ok((await returned()).get('code'));
    await begin(asked);
    await titled('Allow access?');
    await choose('deny');
    assert.equal((await returned()).get('error'), 'access_denied');
  });

  test('a forgotten password', async (t) => {
    const someone = await newUser(t);
    const { page, begin, choose, type, titled, returned } = await visit(t);
    await begin();
    await choose('forgot');
    await titled('Reset your password');
    await type({ email: someone.email });
    await titled('Look at your mail');
    const { links } = await mail(someone.email);
    await page.goto(links.find((link) => link.includes('reset-password')));
    await type({ password: PASSWORD, password_again: PASSWORD });
    await titled('Your password is changed');
    await begin();
    await type({ username: someone.email, password: PASSWORD });
    assert.ok((await returned()).get('code'));
  });

  test('a device', async (t) => {
    const { client_id } = application('Health CLI');
    const body = new URLSearchParams({ client_id, scope: 'openid' });
    const device = await (await fetch(`${issuer}oauth/device/code`, { method: 'POST', body })).json();
    const { page, choose, type, titled } = await visit(t);
    await page.goto(`${issuer}activate`);
    await type({ user_code: device.user_code });
    await titled('Is this your device?');
    await choose('accept');
    await titled('Welcome back');
    await type({ username: jane.email, password: jane.password });
    await titled('Your device is connected');
  });

  test('logging out', async (t) => {
    const { page, begin, choose, type, titled, returned } = await visit(t);
    await begin();
    await type({ username: jane.email, password: jane.password });
    await returned();
    await page.goto(`${issuer}oidc/logout`);
    await choose('deny');
    await titled('You are still logged in');
    await page.goto(`${issuer}oidc/logout`);
    await choose('accept');
    await titled('You are logged out');
    await begin();
    await titled('Welcome back');
  });

  test('an answer by form_post', async (t) => {
    const { posted, begin, choose, type, titled, returned } = await visit(t);
    await begin({ response_mode: 'form_post' });
    await type({ username: jane.email, password: jane.password });
    await titled('One moment');
    await choose('continue');
    await returned();
    assert.ok(posted[0].get('code'));
  });
});
