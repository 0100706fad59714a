// A single-page application with `oidc-client-ts`, which knows nothing of Auth0.
import { UserManager, WebStorageStateStore } from 'oidc-client-ts';
import { told } from './told.mjs';

const manager = new UserManager({
  authority: ISSUER,
  client_id: CLIENT_ID,
  redirect_uri: location.origin,
  post_logout_redirect_uri: location.origin,
  userStore: new WebStorageStateStore({ store: localStorage }),
  automaticSilentRenew: false,
  ...OPTIONS,
});

/** What a test may see of a user. */
const shown = (user) =>
  user && {
    profile: user.profile,
    scope: user.scope,
    state: user.state,
    access_token: user.access_token,
    id_token: user.id_token,
    refresh_token: user.refresh_token,
    expired: user.expired,
  };

const start = async () => {
  const query = new URLSearchParams(location.search);
  if (query.has('code') || query.has('error')) {
    const user = await manager.signinCallback();
    history.replaceState({}, '', '/');
    return { user: shown(user) };
  }
  if (query.has('state')) {
    const answer = await manager.signoutCallback();
    history.replaceState({}, '', '/');
    return { signedOut: answer?.userState };
  }
  return {};
};

window.app = {
  started: told(start)(),
  login: told((options) => manager.signinRedirect(options)),
  popup: told(async (options) => shown(await manager.signinPopup(options))),
  silent: told(async (options) => shown(await manager.signinSilent(options))),
  user: told(async () => shown(await manager.getUser())),
  revoke: told((types) => manager.revokeTokens(types)),
  logout: told((options) => manager.signoutRedirect(options)),
};
document.title = 'OIDC';
