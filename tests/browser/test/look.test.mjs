// A tenant's brand, and the identifier before the password, in a real browser.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page as open } from '../support/browser.mjs';
import { tidy } from '../support/look.mjs';
import { manage } from '../support/manage.mjs';
import { application, issuer, jane } from '../support/ready.mjs';

const { client_id, callbacks } = application('Health Web');
const authorize = (more = {}) => {
  const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
  const query = { client_id, redirect_uri: callbacks[0], response_type: 'code', scope: 'openid', state: 's' };
  return `${issuer}authorize?${new URLSearchParams({ ...query, code_challenge: challenge, code_challenge_method: 'S256', ...more })}`;
};

const LOGO = 'https://cdn.example/logo.svg';
const picture = '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="48"><rect width="160" height="48" fill="#a33"/></svg>';

const brand = async (t, body) => {
  t.after(() => manage.patch('branding', { colors: null, logo_url: null, favicon_url: null, font: null }));
  await manage.patch('branding', body);
};
const identifierFirst = async (t) => {
  t.after(() => manage.patch('prompts', { identifier_first: false }));
  await manage.patch('prompts', { identifier_first: true });
};
/** The application's page is not there, and need not be. */
const answered = (page) => page.waitForRequest((request) => request.url().startsWith(callbacks[0]));

test('whatever the colours are, every text can be read', async (t) => {
  // or a button is measured while its colour changes
  const page = await open(t, { reducedMotion: 'reduce' });
  const gradient = { type: 'linear-gradient', start: '#FFFFFF', end: '#000000', angle_deg: 35 };
  const looks = [
    ['#0059d6', '#e8f0fb'],
    ['#ffffff', '#ffffff'],
    ['#ffdd00', gradient],
    ['#777777', '#777777'],
    ['#000000', '#000000'],
  ];
  for (const [primary, background] of looks) {
    await brand(t, { colors: { primary, page_background: background } });
    await page.goto(authorize());
    await tidy(page, page.locator('#submit'));
  }
});

test('the logo is asked for without saying from where, and is not missed', async (t) => {
  await brand(t, { logo_url: LOGO });
  const page = await open(t, { reducedMotion: 'reduce', expected: [/ERR_FAILED/] });
  const asked = [];
  await page.route(LOGO, (route) => {
    asked.push(route.request());
    return asked.length === 1 ? route.fulfill({ contentType: 'image/svg+xml', body: picture }) : route.abort();
  });
  await page.goto(authorize());
  assert.equal(await page.locator('.brand img').evaluate((img) => img.naturalWidth), 160);
  assert.equal((await asked[0].allHeaders()).referer, undefined);
  await tidy(page, page.locator('#submit'));

  await page.goto(authorize());
  assert.equal(await page.locator('.brand img').evaluate((img) => img.naturalWidth), 0);
  assert.notEqual(await page.locator('.brand img').getAttribute('alt'), '');
  await tidy(page, page.locator('#submit'));
});

for (const javaScriptEnabled of [true, false]) {
  test(`the identifier first, by keyboard, ${javaScriptEnabled ? 'with' : 'without'} scripts`, async (t) => {
    await identifierFirst(t);
    const page = await open(t, { javaScriptEnabled, locale: 'de-DE', reducedMotion: 'reduce' });
    await page.goto(authorize());
    assert.match(page.url(), /\/u\/login\/identifier\?state=/);
    await page.keyboard.type('somebody@example.com');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/u\/login\/password/);

    // the browser's way back, and forward again as somebody else
    await page.goBack();
    assert.match(page.url(), /\/u\/login\/identifier/);
    await page.fill('#username', jane.email);
    await page.press('#username', 'Enter');
    await page.waitForURL(/\/u\/login\/password/);
    await page.click('#change');
    assert.equal(await page.inputValue('#username'), jane.email);
    await page.click('#submit');
    await page.waitForURL(/\/u\/login\/password/);
    assert.equal(await page.inputValue('#username'), jane.email);
    if (javaScriptEnabled) await tidy(page, page.locator('#password'));

    await page.locator('#password').focus();
    await page.keyboard.type(jane.password);
    const answer = answered(page);
    await page.keyboard.press('Enter');
    assert.match((await answer).url(), /[?&]code=/);
  });
}
