// examples/cli, as a person uses it, in both ways.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page as open } from '../support/browser.mjs';
import { start } from '../support/example.mjs';
import { logIn } from '../support/login.mjs';
import { jane } from '../support/ready.mjs';

const check = async ({ output, ended }) => {
  assert.equal(await ended, 0, output());
  const [, text] = output().split('✔ Logged in as ');
  assert.match(text, /^Jane Doe\n/);
  assert.ok(text.includes(jane.user_id) && text.includes('10-31'), text);
  assert.match(text, /Maria Rossi\n\s+Tom Baker\n\s+Aiko Tanaka\n/);
  assert.match(text, /access token\s+✔ 200\s+3 patients/);
  assert.match(text, /ID token\s+✘ 401\s+invalid_token: this is an ID token, which is for the application/);
};

test('the command-line tool logs in with the browser of this machine', async (t) => {
  const tool = await start(t, 'cli', / {2}(https:\S+)/);
  // somebody else's request to the port is not the answer
  const callback = new URL(tool.first[1]).searchParams.get('redirect_uri');
  assert.equal((await fetch(`${callback}?code=forged&state=forged`)).status, 404);
  const page = await open(t);
  await page.goto(tool.first[1]);
  await logIn(page);
  await page.locator('h1', { hasText: 'You are logged in' }).waitFor();
  await check(tool);
});

test('the command-line tool logs in with a code', async (t) => {
  const tool = await start(t, 'cli', / {2}(https:\S+)\n {2}(\S+)\n/, '--device');
  const [, url, code] = tool.first;
  const page = await open(t);
  await page.goto(url);
  assert.equal(await page.locator('#code').innerText(), code);
  await page.click('#accept');
  await page.locator('input[name=username]:visible').fill(jane.email);
  await page.fill('input[name=password]', jane.password);
  await page.click('#submit');
  await page.locator('h1', { hasText: 'Your device is connected' }).waitFor();
  await check(tool);
});

test('the command-line tool says when the login was refused', async (t) => {
  const tool = await start(t, 'cli', / {2}(https:\S+)\n {2}(\S+)\n/, '--device');
  const page = await open(t);
  await page.goto(tool.first[1]);
  await page.click('#deny');
  assert.equal(await tool.ended, 1);
  assert.match(tool.output(), /✘ /);
});
