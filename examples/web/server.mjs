// A server-side web application: it logs people in, shows who they are, and calls an API for them.
// Tokens stay on the server, in an encrypted cookie; the browser never handles one.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { fileURLToPath } from 'node:url';
import express from 'express';
import openidConnect from 'express-openid-connect';
import { errorPage, home, welcome } from './views.mjs';

const { auth, requiresAuth } = openidConnect;
const { ISSUER, CLIENT_ID, CLIENT_SECRET, API_URL, API_AUDIENCE, BASE_URL, PORT, TLS_CERT_FILE, TLS_KEY_FILE } = process.env;

const app = express();
app.disable('x-powered-by');
app.use((request, response, next) => {
  response.set({
    'content-security-policy':
      "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
  next();
});
app.use(express.static(fileURLToPath(new URL('public', import.meta.url))));

// Adds /login, /logout and /callback.
app.use(
  auth({
    issuerBaseURL: ISSUER,
    clientID: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    clientAuthMethod: 'client_secret_post',
    baseURL: BASE_URL,
    // Encrypts the session cookie. A new one at each start logs everybody out: keep yours somewhere safe.
    secret: process.env.SESSION_SECRET ?? randomBytes(32).toString('hex'),
    authRequired: false,
    idpLogout: true,
    routes: { postLogoutRedirect: `${BASE_URL}/` },
    authorizationParams: {
      response_type: 'code',
      audience: API_AUDIENCE,
      scope: 'openid profile email read:patients write:patients',
    },
  }),
);

/** A request to the API with a token. What the API says when it refuses is part of the answer. */
const callApi = async (token, { method = 'GET', body } = {}) => {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${API_URL}/patients`, { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { ok: answer.ok, status: answer.status, data: text ? JSON.parse(text) : undefined };
};

const showHome = async (request, response, added) => {
  const { user, idToken, accessToken } = request.oidc;
  const listed = await callApi(accessToken.access_token);
  // An ID token says who somebody is. It opens no API; sending one is a common mistake.
  const refused = await callApi(idToken);
  const doors = [
    { name: 'Access token', ...listed },
    { name: 'ID token', ...refused },
  ];
  response.send(home({ user, listed, doors, added }));
};

app.get('/', async (request, response) => {
  if (!request.oidc.isAuthenticated()) return response.send(welcome());
  return showHome(request, response);
});

// The session cookie is `SameSite=Lax`, so a form of another website comes without it and changes nothing.
app.post('/patients', requiresAuth(), express.urlencoded(), async (request, response) => {
  const name = String(request.body.patient ?? '').trim();
  const { access_token } = request.oidc.accessToken;
  const answer = await callApi(access_token, { method: 'POST', body: { name } });
  return showHome(request, response, { name, ...answer });
});

app.use((request, response) => response.status(404).send(errorPage('There is nothing here.')));
// Express knows by the fourth parameter that this one is for errors.
app.use((error, request, response, _next) => {
  const status = error.status ?? 500;
  if (status >= 500) console.error(error);
  response.status(status).send(errorPage(error.error_description ?? error.message));
});

const server = TLS_CERT_FILE
  ? https.createServer({ cert: readFileSync(TLS_CERT_FILE), key: readFileSync(TLS_KEY_FILE) }, app)
  : http.createServer(app);
server.listen(Number(PORT), 'localhost', () => console.log(`Health Web: ${BASE_URL}`));
