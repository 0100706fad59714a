// Two ways to log in without a page of one's own.
import { spawn } from 'node:child_process';
import http from 'node:http';
import * as openid from 'openid-client';
import { bold } from './terminal.mjs';

/** Opens a page where there is somebody to see it. */
const openPage = (url) => {
  if (!process.stdout.isTTY) return;
  const [program, ...args] = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] }[process.platform] ?? ['xdg-open'];
  spawn(program, [...args, url], { stdio: 'ignore', detached: true }).on('error', () => {}).unref();
};

const page = (title, words) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark }
body { display: grid; place-content: center; min-height: 90dvh; margin: 0 1.5rem; font: 1.0625rem/1.5 system-ui, sans-serif; text-align: center }
h1 { margin: 0; font-size: 1.75rem; letter-spacing: -.02em }
p { margin: .5rem 0 0 }
</style>
<main><h1>${title}</h1><p>${words}</p></main>
</html>`;

/** Waits for the browser to come back to `/callback`; `exchange(url)` gives the tokens. */
const listen = async (state) => {
  const server = http.createServer();
  // loopback only, and any free port: the registered callback leaves it open (RFC 8252 7.3)
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const redirectUri = `http://127.0.0.1:${server.address().port}/callback`;
  const tokens = (exchange) =>
    new Promise((done, failed) => {
      server.on('request', async (request, response) => {
        const url = new URL(request.url, redirectUri);
        const answer = (status, html) =>
          response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', connection: 'close' }).end(html);
        // what others send here is none of our business
        if (url.pathname !== '/callback' || url.searchParams.get('state') !== state) {
          return answer(404, page('There is nothing here', ''));
        }
        server.close();
        try {
          const given = await exchange(url);
          answer(200, page('You are logged in', 'Go back to your terminal. You can close this page.'));
          done(given);
        } catch (error) {
          answer(400, page('You are not logged in', 'Your terminal says why. You can close this page.'));
          failed(error);
        }
      });
    });
  return { redirectUri, tokens };
};

/** The browser of this machine: authorization code with PKCE, answered at a port of this machine. */
export const logInWithBrowser = async (config, wanted) => {
  const verifier = openid.randomPKCECodeVerifier();
  const state = openid.randomState();
  const nonce = openid.randomNonce();
  const { redirectUri, tokens } = await listen(state);
  const url = openid.buildAuthorizationUrl(config, {
    ...wanted,
    redirect_uri: redirectUri,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  console.log(`Log in on this page:\n\n  ${url}\n`);
  openPage(url.href);
  return tokens((answer) =>
    openid.authorizationCodeGrant(config, answer, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    }),
  );
};

/** The browser of any machine: the device flow (RFC 8628). */
export const logInWithCode = async (config, wanted) => {
  const device = await openid.initiateDeviceAuthorization(config, wanted);
  console.log(`Open this page on any device, and check that it shows the code:\n`);
  console.log(`  ${device.verification_uri_complete}\n  ${bold(device.user_code)}\n`);
  return openid.pollDeviceAuthorizationGrant(config, device);
};
