// What people do with a browser while they log in, and what other pages try meanwhile. Playwright's own
// pages play the application: nothing here depends on an SDK.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { context, page as open, until } from '../support/browser.mjs';
import { arrive, webCallback } from '../support/callback.mjs';
import { advance, reset } from '../support/clock.mjs';
import { consent, logIn } from '../support/login.mjs';
import { manage, newApplication, newUser } from '../support/manage.mjs';
import { application, decode, issuer, jane, sam } from '../support/ready.mjs';
import { shell, site } from '../support/site.mjs';

const web = application('Health Web');
const portal = application('Partner Portal');
const TOO_OLD = 'This login is too old';
const BAD_REQUEST = /status of 400/;

/** A request of an application whose callback is known. */
const request = (app, more = {}) => {
  const query = {
    client_id: app.client_id,
    redirect_uri: app.callbacks[0],
    response_type: 'code',
    scope: 'openid',
    state: 's',
    ...more,
  };
  return new URL(`${issuer}authorize?${new URLSearchParams(query)}`);
};

/** Whose code arrived. */
const redeem = async (app, arrived) => {
  const answer = await fetch(`${issuer}oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: new URL(arrived).searchParams.get('code'),
      redirect_uri: app.callbacks[0],
      client_id: app.client_id,
      client_secret: app.client_secret,
    }),
  });
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  return decode(body.id_token).payload.sub;
};

const portalSite = async (t) => {
  const there = await site(3002, { '/': shell('') });
  t.after(there.stop);
  return portal.callbacks[0];
};

/** Presses a button, and once more before the answer is there. */
const twice = (button) =>
  button.evaluate((button) => {
    button.click();
    setTimeout(() => button.click(), 5);
  });

/** A page of another site (`127.0.0.1` is none of `localhost`'s), with this body. */
const foreign = async (t, body) => {
  const page = `<!doctype html><title>Elsewhere</title><link rel="icon" href="data:,">${body}`;
  const there = await site(0, { '/': page }, '127.0.0.1');
  t.after(there.stop);
  return `${there.url}/`;
};

describe('people', () => {
  test('press the button twice', async (t) => {
    await portalSite(t);
    const page = await open(t);
    const who = await newUser(t);
    const posts = [];
    page.on('request', (request) => request.method() === 'POST' && posts.push(new URL(request.url()).pathname));
    await page.goto(request(portal).href);
    await page.locator('input[name=username]').fill(who.email);
    await page.locator('input[name=password]').fill(who.password);
    await twice(page.locator('form#login button'));
    await twice(page.locator('form#consent button[value=accept]'));
    await until(() => page.url().startsWith(portal.callbacks[0]), 'the callback');
    assert.equal(posts.filter((path) => path === '/u/login').length, 2);
    assert.equal(await redeem(portal, page.url()), who.user_id);
  });

  test('go back after the login, and forward again', async (t) => {
    const callback = await webCallback(t);
    const page = await open(t, { expected: [BAD_REQUEST] });
    const arrived = await arrive(page, request(web), callback);
    await page.goBack();
    await page.getByRole('heading', { name: TOO_OLD }).waitFor();
    assert.equal(await page.locator('input[name=password]').count(), 0);
    await page.goForward();
    assert.equal(page.url(), arrived.href);
    assert.equal(await redeem(web, arrived), jane.user_id);
  });

  test('mistype the password, then not', async (t) => {
    const callback = await webCallback(t);
    const page = await open(t, { expected: [BAD_REQUEST] });
    await page.goto(request(web).href);
    await logIn(page, { ...jane, password: 'something else' });
    await page.getByRole('alert').waitFor();
    assert.equal(await page.locator('input[name=username]').inputValue(), jane.email);
    assert.equal(await page.locator('input[name=password]').inputValue(), '');
    await logIn(page);
    await page.waitForURL(`${callback}?**`);
  });

  test('have two tabs: each arrives as who logged in there', async (t) => {
    const callback = await webCallback(t);
    const profile = await context(t);
    const [first, second] = [await profile.newPage(), await profile.newPage()];
    await first.goto(request(web).href);
    const sams = await arrive(second, request(web), callback, { who: sam });
    assert.equal(await redeem(web, sams), sam.user_id);
    await logIn(first, jane);
    await first.waitForURL(`${callback}?**`);
    assert.equal(await redeem(web, first.url()), jane.user_id);
    const silent = await arrive(second, request(web, { prompt: 'none' }), callback);
    assert.equal(await redeem(web, silent), jane.user_id);
  });

  test('consent in one tab while another user logs in in the next (AUTHZ-40)', async (t) => {
    const callback = await portalSite(t);
    await webCallback(t);
    const profile = await context(t);
    const [first, second] = [await profile.newPage(), await profile.newPage()];
    const who = await newUser(t);
    await first.goto(request(portal).href);
    await logIn(first, who);
    await first.locator('form#consent').waitFor();
    await arrive(second, request(web, { prompt: 'login' }), web.callbacks[0], { who: sam });
    await consent(first);
    await first.locator('form#login').waitFor();
    await logIn(first, who);
    await consent(first);
    await first.waitForURL(`${callback}?**`);
    assert.equal(await redeem(portal, first.url()), who.user_id);
  });

  test('say no (AUTHZ-44)', async (t) => {
    const callback = await portalSite(t);
    const page = await open(t);
    const who = await newUser(t);
    const arrived = await arrive(page, request(portal), callback, { who, then: (page) => consent(page, 'deny') });
    assert.equal(arrived.searchParams.get('error'), 'access_denied');
    assert.equal(arrived.searchParams.get('state'), 's');
    assert.equal(arrived.searchParams.has('code'), false);
  });

  test('have no scripts', async (t) => {
    const callback = await portalSite(t);
    const page = await open(t, { javaScriptEnabled: false });
    const who = await newUser(t);
    const answer = await arrive(page, request(portal, { response_mode: 'form_post' }), callback, {
      who,
      then: async (page) => {
        await consent(page);
        await page.locator('form#answer button').click();
      },
    });
    assert.equal(new URLSearchParams(await answer.text()).get('state'), 's');
  });

  test('open the link in another browser', async (t) => {
    const page = await open(t);
    await page.goto(request(web).href);
    const other = await open(t, { expected: [/status of 403/] });
    await other.goto(page.url());
    await other.getByRole('heading', { name: 'This login began in another browser' }).waitFor();
  });
});

describe('the ways back', () => {
  test('to another origin, through the policy of the pages (WEB-05)', async (t) => {
    const callback = await portalSite(t);
    const page = await open(t);
    const policies = [];
    page.on('response', (response) => {
      const shown = response.request().method() === 'GET' && response.url().includes('/u/');
      if (shown) policies.push(response.headers()['content-security-policy']);
    });
    await arrive(page, request(portal), callback, { who: await newUser(t), then: (page) => consent(page) });
    const pages = policies.filter(Boolean);
    assert.ok(pages.length >= 2);
    for (const policy of pages) assert.match(policy, /form-action 'self' https:\/\/localhost:3002;/);
  });

  test('through the callback to a third origin, where the application goes on (WEB-05)', async (t) => {
    const url = await foreign(t, 'Welcome');
    const onward = (_, response) => response.writeHead(302, { location: url }).end();
    for (const port of [3001, 3002]) t.after((await site(port, onward)).stop);
    const page = await open(t);
    await page.goto(request(portal).href);
    await logIn(page, await newUser(t));
    await consent(page);
    await page.waitForURL(url);
    await page.goto(`${issuer}oidc/logout?client_id=${web.client_id}&post_logout_redirect_uri=https://localhost:3001/`);
    await page.locator('form#logout button[value=accept]').click();
    await page.waitForURL(url);
  });

  test("to the tenant's own page for errors", async (t) => {
    const url = await foreign(t, 'This went wrong');
    const app = await newApplication(t, {
      app_type: 'regular_web',
      is_first_party: false,
      third_party_security_mode: 'permissive',
      callbacks: web.callbacks,
    });
    t.after(reset);
    await manage.patch('tenants/settings', { error_page: { html: '', show_log_link: false, url } });
    const page = await open(t);
    await page.goto(request(app).href);
    await logIn(page, await newUser(t));
    await consent(page, 'deny');
    await page.waitForURL(`${url}?**error=access_denied**`);
  });

  test('to an application of the machine, by its own scheme', async (t) => {
    const app = await newApplication(t, { app_type: 'native', callbacks: ['com.example.health://back'] });
    const page = await open(t);
    const pkce = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
    await page.goto(request(app, pkce).href);
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await logIn(page);
    const to = new URL((await answer).headers().location);
    assert.equal(to.protocol, 'com.example.health:');
    assert.ok(to.searchParams.get('code'));
  });
});

describe('other pages', () => {
  test('cannot show ours in a frame (AUTHZ-41)', async (t) => {
    const urls = [request(web).href, `${issuer}activate`, `${issuer}oidc/logout`, `${issuer}nowhere`];
    const url = await foreign(t, urls.map((src) => `<iframe src="${src.replaceAll('&', '&amp;')}"></iframe>`).join(''));
    const page = await open(t, { expected: [/frame-ancestors 'none'/, /status of 40[34]/] });
    await page.goto(url);
    const inside = await Promise.all(
      page
        .frames()
        .slice(1)
        .map((frame) => frame.locator('form').count()),
    );
    assert.deepEqual(
      inside,
      urls.map(() => 0),
    );
  });

  test('cannot log anybody in or out, or say yes for them (AUTHZ-38)', async (t) => {
    await webCallback(t);
    const profile = await context(t, { expected: [/status of 40[03]/] });
    const page = await profile.newPage();
    await arrive(page, request(web), web.callbacks[0]);
    const login = await profile.newPage();
    await login.goto(request(web, { prompt: 'login' }).href);
    const fields = { username: sam.email, password: sam.password, action: 'default' };
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    for (const [action, title] of [
      [login.url(), 'This form came from another website'],
      [`${issuer}u/logout`, null],
      [`${issuer}oidc/logout`, null],
    ]) {
      const form = `<form method="post" action="${action.replaceAll('&', '&amp;')}">${inputs.join('')}</form><script>document.forms[0].submit()</script>`;
      const attack = await profile.newPage();
      await attack.goto(await foreign(t, form), { waitUntil: 'commit' });
      await attack.waitForURL(`${issuer}**`);
      if (title) await attack.getByRole('heading', { name: title }).waitFor();
    }
    const silent = await arrive(page, request(web, { prompt: 'none' }), web.callbacks[0]);
    assert.equal(await redeem(web, silent), jane.user_id);
  });

  test('cannot read what their users could (WEB-08)', async (t) => {
    const url = await foreign(t, '');
    const page = await open(t, { expected: [/blocked by CORS policy/, /ERR_FAILED|status of 40/] });
    await page.goto(url);
    for (const path of ['oauth/token', 'userinfo', 'api/v2/clients', 'dev/inbox', 'dev/reset']) {
      const outcome = await page.evaluate(
        (url) =>
          fetch(url, { method: 'POST', credentials: 'include' }).then(
            () => 'read',
            () => 'refused',
          ),
        issuer + path,
      );
      assert.equal(outcome, 'refused', path);
    }
  });

  test('never see a cookie, and neither do scripts (SESSION-02)', async (t) => {
    const callback = await webCallback(t);
    const page = await open(t);
    await arrive(page, request(web), callback);
    const cookies = await page.context().cookies(issuer);
    assert.ok(cookies.length >= 2);
    for (const cookie of cookies) {
      assert.match(cookie.name, /^__Host-/);
      assert.deepEqual([cookie.secure, cookie.httpOnly, cookie.path], [true, true, '/']);
    }
    await page.goto(`${issuer}activate`);
    assert.equal(await page.evaluate('document.cookie'), '');
  });
});

// The clock is everybody's, so these come last and put it back.
describe('time', () => {
  test('passes while the login page is open: the way out is shown', async (t) => {
    const app = await newApplication(t, {
      app_type: 'regular_web',
      callbacks: web.callbacks,
      initiate_login_uri: 'https://localhost:3001/',
    });
    await webCallback(t);
    const page = await open(t, { expected: [BAD_REQUEST] });
    await page.goto(request(app).href);
    await advance(t, 86_400);
    await logIn(page);
    await page.getByRole('heading', { name: TOO_OLD }).waitFor();
    await page.locator('#restart').click();
    await page.waitForURL('https://localhost:3001/');
  });

  test('ends a session by age', async (t) => {
    const callback = await webCallback(t);
    const page = await open(t);
    await arrive(page, request(web), callback);
    assert.ok((await arrive(page, request(web, { prompt: 'none' }), callback)).searchParams.get('code'));
    await advance(t, 400 * 86_400);
    const answer = await arrive(page, request(web, { prompt: 'none' }), callback);
    assert.equal(answer.searchParams.get('error'), 'login_required');
  });
});
