// The time of the server under test, and its seed. Both are everybody's: a test that touches them puts them back.
import assert from 'node:assert/strict';
import { ready } from './ready.mjs';

/** Moves the server's clock ahead; it and the seed are as they were after the test. */
export const advance = async (t, seconds) => {
  t.after(reset);
  const answer = await fetch(ready.dev.clock, { method: 'POST', body: JSON.stringify({ advance_s: seconds }) });
  assert.equal(answer.status, 200);
};

/** The seed as it was, and the real time. */
export const reset = async () => {
  assert.equal((await fetch(ready.dev.reset, { method: 'POST' })).status, 204);
};
