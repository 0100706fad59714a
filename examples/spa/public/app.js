// A single-page application: it logs people in, shows who they are, and calls an API for them.
import { createAuth0Client } from '/auth0-spa-js.js';
import * as view from '/view.js';

const SCOPES = ['read:patients', 'write:patients'];
const settings = await (await fetch('/settings.json')).json();

const auth0 = await createAuth0Client({
  domain: settings.issuer.replace(/\/$/, ''),
  clientId: settings.clientId,
  authorizationParams: {
    redirect_uri: location.origin,
    audience: settings.apiAudience,
    scope: `openid profile email ${SCOPES.join(' ')}`,
  },
});

/** A request to the API with a token. What the API says when it refuses is part of the answer. */
const callApi = async (token, { method = 'GET', body } = {}) => {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${settings.apiUrl}/patients`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { ok: response.ok, status: response.status, data: text ? JSON.parse(text) : undefined };
};

/** After the login page, the browser is back with a code, or with the reason why there is none. */
const finishLogin = async () => {
  const parameters = new URLSearchParams(location.search);
  if (!parameters.has('state') || !(parameters.has('code') || parameters.has('error'))) return;
  history.replaceState(null, '', '/');
  const answer = `${location.origin}/?${parameters}`;
  await auth0.handleRedirectCallback(answer).catch((error) => view.notice(error.error_description ?? error.message));
};

const showHome = async () => {
  const idToken = await auth0.getIdTokenClaims();
  const { access_token: accessToken, scope } = await auth0.getTokenSilently({ detailedResponse: true });
  view.profile(idToken);
  view.scopes(SCOPES, scope ?? '');

  const listed = await callApi(accessToken);
  view.patients(listed);
  view.doors([
    { name: 'Access token', ...listed },
    // An ID token says who somebody is. It opens no API; sending one is a common mistake.
    { name: 'ID token', ...(await callApi(idToken.__raw)) },
  ]);

  view.onAdd(async (name) => {
    const added = await callApi(accessToken, { method: 'POST', body: { name } });
    if (added.ok) view.patients(await callApi(accessToken));
    return added;
  });
};

view.onLogin(() => auth0.loginWithRedirect());
view.onLogout(() => auth0.logout({ logoutParams: { returnTo: `${location.origin}/` } }));

try {
  await finishLogin();
  // A reload forgets the tokens, which are kept in memory only; the session at the issuer brings them back.
  await auth0.checkSession();
  const loggedIn = await auth0.isAuthenticated();
  if (loggedIn) await showHome();
  view.show(loggedIn ? 'home' : 'welcome');
} catch (error) {
  view.notice(error.message);
  view.show('welcome');
}
