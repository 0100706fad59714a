// examples/web, as a person uses it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page as open } from '../support/browser.mjs';
import { start } from '../support/example.mjs';
import { logIn } from '../support/login.mjs';
import { picture, tidy } from '../support/look.mjs';
import { issuer, jane } from '../support/ready.mjs';

const texts = (page, selector) => page.locator(selector).allInnerTexts();

test('the web application', async (t) => {
  const { first } = await start(t, 'web', /Health Web: (\S+)/);
  const [, base] = first;
  const page = await open(t, { width: 1280, height: 800, expected: [/status of 400/] });
  await page.goto(base);
  await tidy(page, page.locator('#login'));
  await page.click('#login');
  assert.ok(page.url().startsWith(`${issuer}u/login`));
  await logIn(page);
  await page.locator('.door.open').waitFor();

  await t.test('shows who is logged in, from the ID token', async () => {
    assert.equal(page.url(), `${base}/`);
    assert.equal(await page.locator('#name').innerText(), 'Jane Doe');
    assert.equal(await page.locator('#email').innerText(), jane.email);
    assert.match((await texts(page, 'dl')).join(), /Birthday\s+October 31/);
  });

  await t.test('calls the API with the access token; the ID token is refused there', async () => {
    assert.deepEqual(await texts(page, '#patients li'), ['Maria Rossi', 'Tom Baker', 'Aiko Tanaka']);
    const [access, id] = await texts(page, '.door');
    assert.match(access, /Access token\s+200 opened\s+3 patients/);
    assert.match(id, /ID token\s+401 refused\s+invalid_token: this is an ID token, which is for the application/);
    await tidy(page, page.locator('.door'));
    await picture(page, 'example-web', { width: 1280, height: 900 });
  });

  await t.test('says what the API says when it refuses', async () => {
    await page.fill('#patient', '<b>Grace</b> Hopper');
    await page.press('#patient', 'Enter');
    await page.locator('#added').waitFor();
    assert.match(await page.locator('#added').innerText(), /^insufficient_scope: .*needs write:patients/);
    await tidy(page, page.locator('#added'));
  });

  await t.test('logs out, here and at the server', async () => {
    await page.getByText('Log out').click();
    await page.locator('#login').waitFor();
    assert.equal(page.url(), `${base}/`);
    await page.click('#login');
    await page.locator('input[name=password]').waitFor();
  });

  await t.test('says why there was no login', async () => {
    await page.goto(`${base}/callback?error=access_denied&error_description=No&state=forged`);
    await page.locator('h1', { hasText: 'This did not work' }).waitFor();
  });
});
