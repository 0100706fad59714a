// Every page and every state of it: WCAG 2.2 AA by axe-core, the keyboard, both languages, both colour schemes, a phone and
// a laptop; nothing from elsewhere, nothing in the console. With UPDATE_PICTURES=1 it renews docs/pages.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { context } from '../support/browser.mjs';
import { advance, reset } from '../support/clock.mjs';
import { album, missed, seer, watch } from '../support/gallery.mjs';
import { mail } from '../support/inbox.mjs';
import { manage, newApplication, newUser } from '../support/manage.mjs';
import { application, HEALTH_API, issuer, jane } from '../support/ready.mjs';
import { site } from '../support/site.mjs';

const CONNECTION = 'Username-Password-Authentication';
/** Of the verifier that nobody will show: no code is redeemed here. */
const PKCE = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', code_challenge_method: 'S256' };
/** Error pages have the status of an error, which the browser logs. */
const STATUS = /the server responded with a status of (400|403|404|415|429)/;

/** What no test can bring about from outside, and why. */
const UNSEEN = {
  'error-server-title': 'nothing that a browser sends makes the server fail',
  'error-server-lead': 'the same',
  'error-password-weak': 'the strict profile alone estimates guesses',
  'error-too-many': 'takes a hundred tries from one address',
  'error-busy': 'takes more logins at once than a browser makes',
  'error-password-leaked': 'needs the list of leaked passwords',
};

const url = (path, parameters = {}) => `${issuer}${path}?${new URLSearchParams(parameters)}`;
const authorize = (name, parameters = {}) => {
  const { client_id } = application(name);
  const asked = { client_id, redirect_uri: app.url, response_type: 'code', scope: 'openid profile email', state: 's' };
  return url('authorize', { ...asked, ...PKCE, ...parameters });
};

/** Where the applications are: people are sent back there, and find an empty page. */
const app = { pages: {} };
const openApp = async () => {
  const there = await site(0, (request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(app.pages[request.url] ?? '<title>App</title><link rel="icon" href="data:,">');
  });
  Object.assign(app, there);
  await register();
};
const register = async () => {
  for (const name of ['Health SPA', 'Partner Portal']) {
    await manage.patch(`clients/${application(name).client_id}`, { callbacks: [app.url] });
  }
};
const closeApp = async () => {
  await app.stop();
  await reset();
};

/** Sends a form as it is, whatever the browser thinks of it. */
const insist = async (page, button = '#submit') => {
  await page.evaluate(() => document.querySelectorAll('form').forEach((form) => (form.noValidate = true)));
  await page.click(button);
};
const fill = async (page, fields) => {
  for (const [id, value] of Object.entries(fields)) await page.fill(`#${id}`, value);
};
const logIn = async (page, who = jane) => {
  await fill(page, { username: who.email, password: who.password });
  await page.click('#submit');
};
const arrived = (page, origin) => page.waitForURL((now) => now.href.startsWith(origin));

const deviceCode = async (more = {}) => {
  const body = new URLSearchParams({ client_id: application('Health CLI').client_id, scope: 'openid profile', ...more });
  const answer = await fetch(`${issuer}oauth/device/code`, { method: 'POST', body });
  assert.equal(answer.status, 200);
  return (await answer.json()).user_code;
};

/** One of the connection's settings, for one test. */
const settings = async (t, options) => {
  const [connection] = await manage.get(`connections?name=${CONNECTION}`);
  await manage.patch(`connections/${connection.id}`, { options: { ...connection.options, ...options } });
  t.after(() => manage.patch(`connections/${connection.id}`, { options: connection.options }));
};

/** A way through pages. Each runs once in each language, in a browser of its own. */
const journey = (name, { expected = [STATUS] } = {}, walk) => {
  for (const language of ['en', 'de']) {
    test(`${name}, ${language}`, async (t) => {
      // even after a failure, and the last change first
      const undo = [];
      t.after(async () => {
        for (const back of undo.reverse()) await back();
      });
      const visitor = await context(t, { locale: language, reducedMotion: 'reduce', expected });
      const see = seer(language, watch(visitor, [app.url]));
      await walk({ t: { after: (back) => undo.push(back) }, page: await visitor.newPage(), see, language, test: t });
    });
  }
};

describe('every page', () => {
  before(openApp);
  after(closeApp);
  after(album);

  journey('logging in', {}, async ({ page, see }) => {
    await page.goto(authorize('Health SPA'));
    await see(page, 'login');
    await insist(page);
    await see(page, 'login-without-address', { kept: false });
    await page.fill('#username', jane.email);
    await insist(page);
    await see(page, 'login-without-password', { kept: false });
    await page.evaluate(() => {
      document.getElementById('username').value = 'x'.repeat(330);
    });
    await insist(page);
    await see(page, 'login-long-address', { kept: false });
    await logIn(page, { email: jane.email, password: 'wrong' });
    await see(page, 'login-wrong');
    await logIn(page);
    await arrived(page, app.url);
    await page.goto(authorize('Health SPA', { prompt: 'login' }));
    await logIn(page);
    await arrived(page, app.url);
    // the page of the login is still in the browser's history
    await page.goBack();
    await see(page, 'login-is-over');
  });

  journey('blocked after wrong passwords', {}, async ({ t, page, see }) => {
    const alex = await newUser(t, { email: 'alex@example.com' });
    await page.goto(authorize('Health SPA'));
    const problem = page.locator('#problem');
    const blocked = async () => (await page.locator('#username[aria-invalid=true]').count()) > 0;
    for (let tries = 0; tries < 20 && !(await blocked()); tries += 1) {
      await logIn(page, { email: alex.email, password: 'wrong' });
      await problem.waitFor();
    }
    await see(page, 'login-blocked');
    const { links } = await mail(alex.email, /block/i);
    await page.goto(links.find((link) => link.includes('unblock')));
    await see(page, 'unblock');
    const link = page.url();
    await page.click('#submit');
    await see(page, 'unblocked');
    await page.goto(link);
    await see(page, 'link-used');
  });

  journey('signing up', {}, async ({ t, page, see }) => {
    await settings(t, {
      password_options: {
        complexity: { character_type_rule: 'three_of_four', min_length: 8 },
        dictionary: { active: true, default: 'en_10k', custom: ['Correct-Horse-1'] },
        profile_data: { active: true, blocked_fields: ['email'] },
      },
    });
    const email = 'robin@example.com';
    t.after(async () => {
      for (const { user_id } of await manage.get(`users-by-email?email=${email}`)) await manage.delete(`users/${user_id}`);
    });
    const tryWith = async (fields) => {
      await fill(page, fields);
      await insist(page);
    };
    await page.goto(authorize('Health SPA'));
    await page.click('#signup');
    await see(page, 'signup');
    await tryWith({ email: 'robin', password: 'x' });
    await see(page, 'signup-address', { kept: false });
    await tryWith({ email, password: '' });
    await see(page, 'signup-without-password', { kept: false });
    await tryWith({ password: 'short' });
    await see(page, 'signup-short', { kept: false });
    await tryWith({ password: 'onlylowercase' });
    await see(page, 'signup-weak');
    await tryWith({ password: 'Correct-Horse-1' });
    await see(page, 'signup-common', { kept: false });
    await tryWith({ password: 'Robin-4711' });
    await see(page, 'signup-personal', { kept: false });
    await tryWith({ password: `Aa1-${'x'.repeat(200)}` });
    await see(page, 'signup-long', { kept: false });
    await tryWith({ email: jane.email, password: 'Ocean-Lamp-Forty-7' });
    await see(page, 'signup-taken', { kept: false });
    await tryWith({ email, password: 'Ocean-Lamp-Forty-7' });
    await arrived(page, app.url);

    const { links } = await mail(email);
    const link = links.find((link) => link.includes('email-verification'));
    await page.goto(link);
    await see(page, 'verify-address');
    await page.click('#submit');
    await see(page, 'address-verified');
    await page.goto(link);
    await see(page, 'verify-link-used', { kept: false });
  });

  journey('rules of passwords', {}, async ({ t, page, see }) => {
    const complexity = {
      min_length: 8,
      character_types: ['lowercase', 'uppercase', 'number'],
      character_type_rule: 'all',
      identical_characters: 'block',
      sequential_characters: 'block',
    };
    await settings(t, { password_options: { complexity } });
    await page.goto(authorize('Health SPA'));
    await page.click('#signup');
    for (const [name, password] of [['kinds', 'onlylowercase'], ['runs', 'Baaa4795'], ['sequences', 'Babc4795']]) {
      await fill(page, { email: 'robin@example.com', password });
      await page.click('#submit');
      await see(page, `signup-${name}`, { kept: name === 'kinds' });
    }
  });

  journey('the address first', {}, async ({ t, page, see }) => {
    await manage.patch('prompts', { identifier_first: true });
    t.after(() => manage.patch('prompts', { identifier_first: false }));
    await page.goto(authorize('Health SPA'));
    await see(page, 'address-first');
    await page.fill('#username', jane.email);
    await page.click('#submit');
    await see(page, 'password-second');
    await fill(page, { password: 'wrong' });
    await page.click('#submit');
    await see(page, 'password-second-wrong', { kept: false });
    await page.click('#change');
    await see(page, 'address-again', { kept: false });
  });

  journey('a username', {}, async ({ t, page, see }) => {
    await settings(t, { requires_username: true });
    await page.goto(authorize('Health SPA'));
    await see(page, 'login-with-username', { kept: false });
    await page.click('#signup');
    await fill(page, { email: 'robin@example.com', password: 'Ocean-Lamp-Forty-7' });
    await insist(page);
    await see(page, 'signup-with-username');
  });

  journey('consent', { expected: [] }, async ({ page, see }) => {
    const asked = { audience: HEALTH_API, scope: 'openid profile email offline_access read:patients read:admin', prompt: 'consent' };
    await page.goto(authorize('Partner Portal', asked));
    await logIn(page);
    await see(page, 'consent');
    await page.click('#accept');
    await arrived(page, app.url);
    await page.goto(authorize('Partner Portal', asked));
    await page.click('#deny');
    await arrived(page, app.url);
    assert.match(page.url(), /error=access_denied/);
  });

  journey('consent that is refused, where errors stay here', {}, async ({ t, page, see }) => {
    const { client_id } = await newApplication(t, {
      app_type: 'regular_web',
      is_first_party: false,
      third_party_security_mode: 'permissive',
      callbacks: [app.url],
    });
    await page.goto(authorize('Partner Portal', { client_id, scope: 'openid profile' }));
    await logIn(page);
    await page.click('#deny');
    await see(page, 'error-denied', { kept: false });
  });

  journey('an application of this device', { expected: [] }, async ({ t, page, see }) => {
    const { client_id } = await newApplication(t, {
      name: 'Desk Clock',
      app_type: 'native',
      callbacks: ['http://127.0.0.1/callback'],
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
      skip_non_verifiable_callback_uri_confirmation_prompt: false,
    });
    await page.goto(authorize('Health SPA'));
    await logIn(page);
    await arrived(page, app.url);
    await page.goto(authorize('Health CLI', { client_id, redirect_uri: 'http://127.0.0.1:7777/callback' }));
    await see(page, 'confirm');
    await page.click('#deny');
    // nobody listens there
    await page.waitForURL((now) => now.protocol !== 'https:');
  });

  journey('a forgotten password', {}, async ({ t, page, see }) => {
    await settings(t, { password_options: { history: { active: true, size: 3 } } });
    const alex = await newUser(t, { email: 'alex@example.com' });
    await page.goto(authorize('Health SPA'));
    await page.click('#forgot');
    await see(page, 'reset');
    await insist(page);
    await see(page, 'reset-without-address', { kept: false });
    await page.fill('#email', alex.email);
    await page.click('#submit');
    await see(page, 'reset-sent');
    const { links } = await mail(alex.email);
    const link = links.find((link) => link.includes('reset-password'));
    await page.goto(link);
    await see(page, 'new-password');
    await fill(page, { password: 'Ocean-Lamp-Forty-7', password_again: 'Ocean-Lamp-Forty-8' });
    await page.click('#submit');
    await see(page, 'new-password-mistyped');
    await insist(page);
    await see(page, 'new-password-missing', { kept: false });
    await fill(page, { password: alex.password, password_again: alex.password });
    await page.click('#submit');
    await see(page, 'new-password-old-one', { kept: false });
    await fill(page, { password: 'Ocean-Lamp-Forty-7', password_again: 'Ocean-Lamp-Forty-7' });
    await page.click('#submit');
    await see(page, 'new-password-saved');
    await page.goto(link);
    await see(page, 'reset-link-used');
  });

  journey('a device', {}, async ({ t, page, see }) => {
    await page.goto(url('activate'));
    await see(page, 'device');
    await insist(page);
    await see(page, 'device-without-code', { kept: false });
    await page.fill('#user_code', 'BCDF-GHJK');
    await page.click('#submit');
    await see(page, 'device-wrong-code');
    await page.fill('#user_code', await deviceCode());
    await page.click('#submit');
    await see(page, 'device-confirm');
    await page.click('#accept');
    await see(page, 'device-login', { kept: false });
    await logIn(page, { email: jane.email, password: 'wrong' });
    await see(page, 'device-login-wrong', { kept: false });
    await logIn(page);
    await see(page, 'device-connected');
    await page.goto(url('activate', { user_code: await deviceCode() }));
    await page.click('#deny');
    await see(page, 'device-refused');

    const gone = await newUser(t, { blocked: true });
    await page.context().clearCookies();
    await page.goto(url('activate', { user_code: await deviceCode() }));
    await page.click('#accept');
    await logIn(page, gone);
    await see(page, 'device-blocked', { kept: false });
  });

  journey('a device of somebody else', { expected: [] }, async ({ t, page, see }) => {
    const { client_id } = await newApplication(t, {
      name: 'Waiting Room TV',
      app_type: 'native',
      is_first_party: false,
      third_party_security_mode: 'permissive',
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
      token_endpoint_auth_method: 'none',
    });
    await page.goto(url('activate', { user_code: await deviceCode({ client_id }) }));
    await page.click('#accept');
    await logIn(page);
    await see(page, 'device-consent');
    await page.click('#accept');
    await see(page, 'device-consent-given', { kept: false });
  });

  journey('logging out', {}, async ({ page, see }) => {
    await page.goto(authorize('Health SPA'));
    await logIn(page);
    await arrived(page, app.url);
    await page.goto(url('oidc/logout'));
    await see(page, 'logout');
    await page.click('#deny');
    await see(page, 'logout-kept');
    await page.goto(url('oidc/logout'));
    await page.click('#accept');
    await see(page, 'logged-out');
    await page.goto(url('oidc/logout', { post_logout_redirect_uri: 'https://evil.example/' }));
    await see(page, 'logout-refused', { kept: false });
    const { client_id } = application('Health Web');
    await page.goto(url('v2/logout', { client_id, returnTo: 'https://evil.example/' }));
    await see(page, 'logout-to-elsewhere', { kept: false });
  });

  journey('errors', {}, async ({ test, page, language, see }) => {
    await page.goto(authorize('Health SPA', { client_id: 'nobody' }));
    await see(page, 'error-client', { kept: false });
    await page.goto(authorize('Health SPA', { redirect_uri: 'https://evil.example/callback' }));
    await see(page, 'error');
    await page.goto(authorize('Health SPA', { response_mode: 'web_message' }));
    await see(page, 'error-origin', { kept: false });
    await page.goto(`${authorize('Health SPA')}&redirect_uri=again`);
    await see(page, 'error-repeated', { kept: false });
    await page.goto(url('nothing/here'));
    await see(page, 'error-not-found');

    await page.goto(authorize('Health SPA'));
    const login = page.url();
    const other = await context(test, { locale: language, reducedMotion: 'reduce', expected: [STATUS] });
    const elsewhere = await other.newPage();
    await elsewhere.goto(login);
    await see(elsewhere, 'error-other-browser');

    // a page of another site fills in the form
    const form = `<form method="post" action="${login}"><input name="username" value="x"><button>Go</button></form>`;
    app.pages['/evil'] = form;
    await page.goto(`${app.url}/evil`);
    await page.click('button');
    await see(page, 'error-cross-site');

    // a form that says nothing we can read
    await page.goto(login);
    await page.evaluate(() => (document.forms[0].enctype = 'text/plain'));
    await insist(page);
    await see(page, 'error-form', { kept: false });
  });

  journey('too late', {}, async ({ t, page, see }) => {
    await page.goto(authorize('Health SPA'));
    const login = page.url();
    t.after(register);
    const home = { initiate_login_uri: 'https://app.example/login' };
    await manage.patch(`clients/${application('Health SPA').client_id}`, home);
    await advance(t, 24 * 3600);
    await page.goto(login);
    await see(page, 'error-expired');
  });

  journey('answers that a page sends on', { expected: [] }, async ({ page, see }) => {
    await manage.patch(`clients/${application('Health SPA').client_id}`, { web_origins: [app.url] });
    // without its script, so that it stays to be looked at
    await page.route(`${issuer}u/login*`, async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, body: (await response.text()).replace('.submit()', '') });
    });
    await page.goto(authorize('Health SPA', { response_mode: 'form_post' }));
    await logIn(page);
    await see(page, 'sending', { sends: true });
    await page.click('#continue');
    await arrived(page, app.url);
    await page.goto(authorize('Health SPA', { response_mode: 'web_message', prompt: 'none' }));
    await see(page, 'message', { sends: true });
  });

  test('none is missing', () => assert.deepEqual(missed(UNSEEN), []));
});
