// Any static host would do: this one serves `public/`, the SDK, and the settings from the environment.
import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { fileURLToPath } from 'node:url';

const { ISSUER, CLIENT_ID, API_URL, API_AUDIENCE, BASE_URL, PORT, TLS_CERT_FILE, TLS_KEY_FILE } = process.env;
const settings = { issuer: ISSUER, clientId: CLIENT_ID, apiUrl: API_URL, apiAudience: API_AUDIENCE };

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const FILES = {
  '/': ['text/html', file('public/index.html')],
  '/app.js': ['text/javascript', file('public/app.js')],
  '/view.js': ['text/javascript', file('public/view.js')],
  '/style.css': ['text/css', file('public/style.css')],
  '/auth0-spa-js.js': ['text/javascript', file('node_modules/@auth0/auth0-spa-js/dist/auth0-spa-js.production.esm.js')],
};

const origin = (url) => new URL(url).origin;
// The page may talk to the issuer and the API, and show pictures of profiles; nothing else.
const policy = [
  "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  "script-src 'self'; style-src 'self'; img-src https: data:",
  `connect-src 'self' ${origin(ISSUER)} ${origin(API_URL)}`,
  `frame-src ${origin(ISSUER)}`,
].join('; ');

const answer = async (request, response) => {
  const { pathname } = new URL(request.url, BASE_URL);
  const send = (status, type, body) =>
    response
      .writeHead(status, {
        'content-type': `${type}; charset=utf-8`,
        'content-security-policy': policy,
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      .end(body);
  if (pathname === '/settings.json') return send(200, 'application/json', JSON.stringify(settings));
  const [type, path] = FILES[pathname] ?? [];
  if (!path) return send(404, 'text/plain', 'There is nothing here.\n');
  return send(200, type, await readFile(path));
};

const server = TLS_CERT_FILE
  ? https.createServer({ cert: readFileSync(TLS_CERT_FILE), key: readFileSync(TLS_KEY_FILE) }, answer)
  : http.createServer(answer);
server.listen(Number(PORT), 'localhost', () => console.log(`Health SPA: ${BASE_URL}`));
