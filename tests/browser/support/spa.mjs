// The single-page application of `apps/spa.mjs`, and what tests do with it.
import assert from 'node:assert/strict';
import { newApplication } from './manage.mjs';
import { application, domain, HEALTH_API } from './ready.mjs';
import { bundle, shell, site } from './site.mjs';

const script = (options, client_id) => {
  const authorizationParams = {
    audience: HEALTH_API,
    scope: 'openid profile email read:patients',
    ...options.authorizationParams,
  };
  return bundle('spa.mjs', { DOMAIN: domain, CLIENT_ID: client_id, OPTIONS: { ...options, authorizationParams } });
};

/** Serves it with these options of the SDK, by default for the example tenant's own application and API. */
export const serveSpa = async (t, options = {}, client_id = application('Health SPA').client_id) => {
  const there = await site(3000, { '/': shell(), '/app.js': await script(options, client_id) });
  t.after(there.stop);
  return there.url;
};

/** Serves it on another site than the server's: `127.0.0.1` is not `localhost`. */
export const serveSpaElsewhere = async (t, options = {}) => {
  const pages = { '/': shell() };
  const there = await site(0, pages, '127.0.0.1');
  t.after(there.stop);
  const { client_id } = await newApplication(t, {
    app_type: 'spa',
    callbacks: [there.url],
    web_origins: [there.url],
    refresh_token: { rotation_type: 'rotating', expiration_type: 'expiring', leeway: 0 },
  });
  pages['/app.js'] = await script(options, client_id);
  return there.url;
};

/** Waits until the application runs on this page, and says how it started. */
export const started = async (page, url) => {
  await page.waitForURL((now) => now.origin === url);
  return page.evaluate(() => window.app.started);
};

/** Calls a function of the application; fails if it fails. */
export const ask = async (page, name, ...args) => {
  const answer = await page.evaluate(([name, args]) => window.app[name](...args), [name, args]);
  assert.equal(answer.error, undefined, `${name}: ${answer.error}: ${answer.description}`);
  return answer.value;
};

/** Calls a function of the application that must fail; gives `{error, description}`. */
export const refused = async (page, name, ...args) => {
  const answer = await page.evaluate(([name, args]) => window.app[name](...args), [name, args]);
  assert.ok(answer.error, `${name} was not refused`);
  return answer;
};

/** Calls a function of the application that leads the browser away from it. */
export const leave = async (page, name, ...args) => {
  const away = page.waitForEvent('framenavigated');
  await page.evaluate(([name, args]) => void window.app[name](...args), [name, args]);
  await away;
};

/** Opens the application and sends the browser to the login page. */
export const toLogin = async (page, url, options) => {
  await page.goto(url);
  await started(page, url);
  await leave(page, 'login', options);
  await page.waitForURL('**/u/**');
};
