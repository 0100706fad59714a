// Browsers for tests. `context(t, …)` is a fresh profile that is closed after the test, and that fails the
// test if any of its pages had a script error, broke a Content-Security-Policy or logged any other error.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import { chromium } from 'playwright-core';
import { start } from './chromium.mjs';
import { ready } from './ready.mjs';

/** How long a condition may take on a busy machine. */
const PATIENCE = 20_000;

let shared;
const browser = () => {
  shared ??= process.env.CHROMIUM_ENDPOINT
    ? chromium.connect(process.env.CHROMIUM_ENDPOINT).then((running) => ({ running, stop: () => running.close() }))
    : start('launch', ready.ca_file);
  return shared;
};
after(async () => (await shared)?.stop());

const watch = (context, errors) => {
  context.on('console', (message) => {
    if (message.type() === 'error') errors.push(`${message.text()} (${message.location().url})`);
  });
  context.on('weberror', (error) => errors.push(String(error.error().stack ?? error.error())));
};

/**
 * A browser profile: no cookies, no storage. `expected` lists patterns of console errors that the test causes
 * on purpose; each must occur.
 */
export const context = async (
  t,
  { width = 1024, height = 768, locale = 'en-US', dark = false, expected = [], ...more } = {},
) => {
  const made = await (
    await browser()
  ).running.newContext({
    viewport: { width, height },
    locale,
    colorScheme: dark ? 'dark' : 'light',
    ...more,
  });
  made.setDefaultTimeout(PATIENCE);
  const errors = [];
  watch(made, errors);
  t.after(async () => {
    await made.close();
    const known = (error) => expected.some((pattern) => pattern.test(error));
    assert.deepEqual(
      errors.filter((error) => !known(error)),
      [],
      'errors in the browser console',
    );
    const missed = expected.filter((pattern) => !errors.some((error) => pattern.test(error)));
    assert.deepEqual(missed, [], 'expected errors that the browser did not log');
  });
  return made;
};

/** A page in a fresh profile. */
export const page = async (t, options) => (await context(t, options)).newPage();

/** Waits until `ask` gives something truthy, and returns it. */
export const until = async (ask, what = 'the condition') => {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    assert.ok(Date.now() < end, `${what} was not reached`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
};
