// examples/spa, as a person uses it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page as open } from '../support/browser.mjs';
import { start } from '../support/example.mjs';
import { logIn } from '../support/login.mjs';
import { picture, tidy } from '../support/look.mjs';
import { jane, sam } from '../support/ready.mjs';

/** What the API refuses, the browser logs. */
const REFUSED = [/status of 401/, /status of 403/];
const texts = (page, selector) => page.locator(selector).allInnerTexts();

test('the single-page application', async (t) => {
  const { first } = await start(t, 'spa', /Health SPA: (\S+)/);
  const page = await open(t, { width: 1280, height: 800, expected: REFUSED });
  await page.goto(first[1]);
  await tidy(page, page.locator('#login'));
  await page.click('#login');
  await logIn(page);
  await page.locator('.door.open').waitFor();

  await t.test('shows who is logged in, from the ID token', async () => {
    assert.equal(await page.locator('#name').innerText(), 'Jane Doe');
    assert.equal(await page.locator('#email').innerText(), jane.email);
    const claims = Object.fromEntries((await texts(page, '#claims div')).map((line) => line.split('\n')));
    assert.equal(claims.Birthday, 'October 31');
    assert.equal(claims['User ID'], jane.user_id);
    assert.equal(new URL(page.url()).search, '', 'the code does not stay in the address');
  });

  await t.test('calls the API with the access token; the ID token is refused there', async () => {
    assert.deepEqual(await texts(page, '#patients li'), ['Maria Rossi', 'Tom Baker', 'Aiko Tanaka']);
    const [access, id] = await texts(page, '.door');
    assert.match(access, /Access token\s+200 opened\s+3 patients/);
    assert.match(id, /ID token\s+401 refused\s+invalid_token: this is an ID token, which is for the application/);
    assert.deepEqual(await texts(page, '#scopes li'), ['read:patients granted', 'write:patients not granted']);
    await tidy(page, page.locator('.door'));
    await picture(page, 'example-spa', { width: 1280, height: 900 });
  });

  await t.test('says what the API says when it refuses', async () => {
    await page.fill('#patient', 'Grace Hopper');
    await page.press('#patient', 'Enter');
    await page.locator('#added').waitFor();
    assert.match(await page.locator('#added').innerText(), /^insufficient_scope: .*needs write:patients/);
    await tidy(page, page.locator('#added'));
  });

  await t.test('keeps the login over a reload, and ends it everywhere', async () => {
    await page.reload();
    await page.locator('.door.open').waitFor();
    assert.equal(await page.locator('#name').innerText(), 'Jane Doe');
    await page.click('#logout');
    await page.locator('#login').click();
    await page.locator('input[name=password]').waitFor();
  });

  await t.test('lets Sam add a patient', async () => {
    await logIn(page, sam);
    await page.locator('.door.open').waitFor();
    await page.fill('#patient', 'Grace Hopper');
    await page.click('#add button');
    await page.locator('#added', { hasText: 'Grace Hopper was added.' }).waitFor();
    await page.locator('#patients li', { hasText: 'Grace Hopper' }).waitFor();
  });
});
