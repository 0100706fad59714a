// The harness itself: what the tests rely on is tested before they do.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { context, page as open } from '../support/browser.mjs';
import { start } from '../support/chromium.mjs';
import { consent, logIn } from '../support/login.mjs';
import { manage, newUser } from '../support/manage.mjs';
import { application, issuer, jane, ready } from '../support/ready.mjs';
import { shell, site } from '../support/site.mjs';

describe('the browser', () => {
  test('trusts the server and the sites by the local CA', async (t) => {
    const there = await site(3000, { '/': shell('') });
    t.after(there.stop);
    const page = await open(t);
    assert.equal((await page.goto(`${issuer}activate`)).status(), 200);
    assert.equal((await page.goto(there.url)).status(), 200);
    assert.equal(await page.evaluate('isSecureContext'), true);
  });

  test('refuses the same pages without it', async (t) => {
    const { running, stop } = await start('launch');
    t.after(stop);
    const there = await site(3000, { '/': shell('') });
    t.after(there.stop);
    const page = await running.newPage();
    for (const url of [`${issuer}activate`, there.url]) {
      await assert.rejects(page.goto(url), /net::ERR_CERT_AUTHORITY_INVALID/);
    }
  });

  test('has the width, the language and the colours that a test asks for', async (t) => {
    const page = await (await context(t, { width: 390, locale: 'de-DE', dark: true })).newPage();
    await page.goto(`${issuer}activate`);
    assert.equal(await page.evaluate('innerWidth'), 390);
    assert.equal(await page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches'), true);
    assert.equal(await page.getAttribute('html', 'lang'), 'de');
  });

  test('tells of an error in the console, a script error and a broken policy', async (t) => {
    const script =
      'console.error("said");fetch("https://elsewhere.invalid/").catch(() => {});throw new Error("thrown")';
    const pages = { '/': shell(), '/app.js': script };
    const there = await site(3000, (request, response) => {
      const type = request.url === '/' ? 'text/html' : 'text/javascript';
      response.setHeader('content-security-policy', "default-src 'self'");
      response.setHeader('content-type', type).end(pages[request.url]);
    });
    t.after(there.stop);
    const page = await open(t, { expected: [/^said/, /thrown/, /Content Security Policy/i] });
    const thrown = page.waitForEvent('pageerror');
    await page.goto(there.url);
    await thrown;
  });
});

describe('what tests do', () => {
  test('log in, consent, and arrive at a site', async (t) => {
    const portal = application('Partner Portal');
    const there = await site(3002, { '/': shell('') });
    t.after(there.stop);
    const user = await newUser(t);
    const page = await open(t);
    const request = new URLSearchParams({
      client_id: portal.client_id,
      redirect_uri: `${there.url}/callback`,
      response_type: 'code',
      scope: 'openid profile',
      state: 'there-and-back',
    });
    await page.goto(`${issuer}authorize?${request}`);
    await logIn(page, user);
    await consent(page);
    await page.waitForURL(`${there.url}/callback?**`);
    const answer = new URL(page.url()).searchParams;
    assert.equal(answer.get('state'), 'there-and-back');
    assert.ok(answer.get('code'));
  });

  test('manage the tenant', async () => {
    const [found] = await manage.get(`users-by-email?email=${encodeURIComponent(jane.email)}`);
    assert.equal(found.user_id, jane.user_id);
    assert.ok(ready.dev.inbox && ready.dev.clock && ready.dev.reset);
  });
});
