// Starts an example against a running `cardea dev`, with one command: `npm start` in its folder.
// It stands in for a deployment: the examples read their settings from the environment, as anywhere else.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = dirname(HERE);
const AUDIENCE = 'https://example.com/health-api';
const EXAMPLES = {
  spa: { application: 'Health SPA', port: 3000, callback: '' },
  web: { application: 'Health Web', port: 3001, callback: '/callback' },
  cli: { application: 'Health CLI' },
};

const fail = (words) => {
  console.error(words);
  process.exit(1);
};

/** `--ready-file FILE` is for this script, everything else for the example. */
const options = ([name, ...args]) => {
  const at = args.indexOf('--ready-file');
  const [, named] = at < 0 ? [] : args.splice(at, 2);
  const file = named ?? process.env.READY_FILE ?? join(ROOT, 'cardea-data', 'ready.json');
  // npm runs scripts in the package's folder; the file was named in the folder where npm was called
  return { name, args, readyFile: resolve(process.env.INIT_CWD ?? '.', file) };
};

const readReady = (file) => {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'));
  return fail(`${file} is not there. Start the server first: cargo run --release -- dev`);
};

const install = (folder) => {
  const at = (path) => statSync(join(folder, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (at('node_modules/.package-lock.json') > at('package-lock.json')) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
  if (status !== 0) fail('npm ci failed');
};

/** One request to this machine. `fetch` would know the local CA only from the start of the process on. */
const call = (url, { method = 'GET', headers, body, ca }) => {
  if (url.startsWith('http:')) return fetch(url, { method, headers, body }).then((answer) => answer.text());
  return new Promise((done, failed) => {
    const sent = request(url, { method, headers, ca }, async (answer) => {
      let text = '';
      for await (const part of answer.setEncoding('utf8')) text += part;
      done(text);
    });
    sent.on('error', failed).end(body);
  });
};

/** What one would do in a dashboard: the application's addresses, where they are not registered yet. */
const register = async (ready, client, { base, callback }, ca) => {
  const wanted = { callbacks: base + callback, web_origins: base, allowed_logout_urls: `${base}/` };
  const { audience, client_id, client_secret } = ready.management;
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ grant_type: 'client_credentials', client_id, client_secret, audience });
  const { access_token } = JSON.parse(
    await call(`${ready.issuer}oauth/token`, { method: 'POST', headers: json, body, ca }),
  );
  const headers = { ...json, authorization: `Bearer ${access_token}` };
  const url = `${audience}clients/${client.client_id}`;
  const known = JSON.parse(await call(url, { headers, ca }));
  const missing = Object.entries(wanted).filter(([list, address]) => !known[list]?.includes(address));
  if (missing.length === 0) return;
  const change = Object.fromEntries(missing.map(([list, address]) => [list, [...(known[list] ?? []), address]]));
  await call(url, { method: 'PATCH', headers, body: JSON.stringify(change), ca });
};

/** The Health API: the one that is named, the one that runs already, or a new one for as long as the example runs. */
const healthApi = async (ready, readyFile, base, ca) => {
  if (process.env.API_URL) return process.env.API_URL;
  const answers = (url) => call(`${url}/health`, { ca }).then((text) => text === '"ok"', () => false);
  const port = process.env.API_PORT ?? '4000';
  for (const url of [`https://localhost:${port}`, `http://localhost:${port}`]) if (await answers(url)) return url;

  console.log('Starting the Health API. The first time, this builds it.');
  const args = ['--ready-file', readyFile, '--port', port];
  if (base) args.push('--allow-origin', base);
  if (ready.leaf) args.push('--cert', ready.leaf.cert_file, '--key', ready.leaf.key_file);
  const cargo = ['run', '--release', '--quiet', '-p', 'health-api', '--', ...args];
  const api = spawn('cargo', cargo, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  process.on('exit', () => api.kill());
  api.on('error', () => fail('cargo is missing: start the Health API yourself, and name it in API_URL'));
  const url = `${ready.leaf ? 'https' : 'http'}://localhost:${port}`;
  while (!(await answers(url))) {
    if (api.exitCode !== null) fail('the Health API ended');
    await new Promise((later) => setTimeout(later, 200));
  }
  return url;
};

const { name, args, readyFile } = options(process.argv.slice(2));
const example = EXAMPLES[name];
const folder = join(HERE, name);
const ready = readReady(readyFile);
const ca = ready.ca_file ? readFileSync(ready.ca_file) : undefined;
const client = ready.applications.find((app) => app.name === example.application);
if (!client) fail(`this server has no application "${example.application}"; is it the example tenant?`);
install(folder);

const env = { ...process.env, ISSUER: ready.issuer, CLIENT_ID: client.client_id, API_AUDIENCE: AUDIENCE };
if (ready.ca_file) env.NODE_EXTRA_CA_CERTS = ready.ca_file;
if (client.client_secret) env.CLIENT_SECRET = client.client_secret;
if (example.port) {
  env.PORT ??= String(example.port);
  env.BASE_URL = `${ready.leaf ? 'https' : 'http'}://localhost:${env.PORT}`;
  if (ready.leaf) Object.assign(env, { TLS_CERT_FILE: ready.leaf.cert_file, TLS_KEY_FILE: ready.leaf.key_file });
}
try {
  if (env.BASE_URL) await register(ready, client, { base: env.BASE_URL, callback: example.callback }, ca);
  env.API_URL = await healthApi(ready, readyFile, env.BASE_URL, ca);
} catch (error) {
  fail(`${ready.issuer} does not answer (${error.message}). Start it: cargo run --release -- dev`);
}

const jane = ready.users.find((user) => user.email === 'jane@example.com');
if (jane) console.log(`Log in as ${jane.email} with the password ${jane.password}`);
const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const app = spawn(process.execPath, [join(folder, main), ...args], { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => app.kill(signal));
app.on('exit', (code) => process.exit(code ?? 0));
