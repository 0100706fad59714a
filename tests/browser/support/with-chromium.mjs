// `node support/with-chromium.mjs ARGUMENTS` runs `node ARGUMENTS` with one Chromium that all of its
// processes share: test files are processes of their own, and a browser for each costs a second.
import { spawn } from 'node:child_process';
import { start } from './chromium.mjs';
import { ready } from './ready.mjs';

const { running, stop } = await start('launchServer', ready.ca_file);
const tests = spawn(process.execPath, process.argv.slice(2), {
  stdio: 'inherit',
  env: { ...process.env, CHROMIUM_ENDPOINT: running.wsEndpoint() },
});
const code = await new Promise((resolve) => tests.on('exit', (code) => resolve(code ?? 1)));
await stop();
process.exitCode = code;
