// The applications of `examples/`, started as a person starts them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { reset } from './clock.mjs';

const START = fileURLToPath(new URL('../../../examples/start.mjs', import.meta.url));

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, 'localhost', () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });

/**
 * Starts one of them with a Health API of its own, on free ports, and waits until what it prints fits `pattern`.
 * `first` is what fitted, `output()` everything that it printed, `ended` its exit code, once there is one.
 */
export const start = async (t, name, pattern, ...args) => {
  const env = { ...process.env, PORT: await freePort(), API_PORT: await freePort() };
  const child = spawn(process.execPath, [START, name, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const ended = new Promise((resolve) => child.on('close', resolve));
  const fitted = new Promise((resolve) => {
    const read = (part) => {
      text += part;
      const found = text.match(pattern);
      if (found) resolve(found);
    };
    child.stdout.setEncoding('utf8').on('data', read);
    child.stderr.setEncoding('utf8').on('data', read);
  });
  t.after(async () => {
    child.kill();
    await ended;
    // it has registered its address
    await reset();
  });
  const first = await Promise.race([fitted, ended]);
  assert.ok(Array.isArray(first), `the example ended with ${first}:\n${text}`);
  return { first, output: () => text, ended };
};
