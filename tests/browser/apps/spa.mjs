// A single-page application with `@auth0/auth0-spa-js`, in the way of its documentation. What a person would
// click is a function of `window.app`.
import { Auth0Client } from '@auth0/auth0-spa-js';
import { told } from './told.mjs';

const client = new Auth0Client({
  domain: DOMAIN,
  clientId: CLIENT_ID,
  ...OPTIONS,
  authorizationParams: { redirect_uri: location.origin, ...OPTIONS.authorizationParams },
});

const get = async (url, token) => {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, challenge: answer.headers.get('www-authenticate'), body: await answer.json() };
};

const start = async () => {
  const query = new URLSearchParams(location.search);
  if (query.has('state') && (query.has('code') || query.has('error'))) {
    const back = await client.handleRedirectCallback();
    history.replaceState({}, '', '/');
    return { back };
  }
  await client.checkSession();
  return {};
};

window.app = {
  started: told(start)(),
  client,
  get: told(get),
  login: told((options) => client.loginWithRedirect(options)),
  popup: told((options) => client.loginWithPopup(options)),
  token: told((options) => client.getTokenSilently({ detailedResponse: true, ...options })),
  user: told(() => client.getUser()),
  claims: told(() => client.getIdTokenClaims()),
  logout: told((options) => client.logout(options)),
};
document.title = 'Health SPA';
