#!/usr/bin/env node
// A command-line tool: it logs people in, shows who they are, and calls an API for them.
//   health             logs in with the browser of this machine
//   health --device    logs in with the browser of any machine, by a code
import * as openid from 'openid-client';
import { logInWithBrowser, logInWithCode } from './login.mjs';
import { bold, dim, green, red, table } from './terminal.mjs';

const { ISSUER, CLIENT_ID, API_URL, API_AUDIENCE } = process.env;
const WANTED = { audience: API_AUDIENCE, scope: 'openid profile email read:patients write:patients' };

/** A request to the API with a token. What the API says when it refuses is part of the answer. */
const callApi = async (token) => {
  const answer = await fetch(`${API_URL}/patients`, { headers: { authorization: `Bearer ${token}` } });
  return { ok: answer.ok, status: answer.status, data: await answer.json() };
};

const showProfile = (claims) => {
  console.log(`\n${bold('Profile')}  ${dim('from the ID token, which is for this application')}`);
  const { name, email, gender, birthdate, sub } = claims;
  console.log(table({ Name: name, Email: email, Gender: gender, Birthday: birthdate?.replace('0000-', ''), 'User ID': sub }));
};

const showPatients = ({ ok, data }) => {
  console.log(`\n${bold('Patients')}  ${dim('from the Health API, which the access token opens')}`);
  for (const { name } of ok ? data : []) console.log(`  ${name}`);
};

const showDoor = (name, { ok, status, data }) => {
  const said = ok ? `${data.length} patients` : `${data.error}: ${data.error_description}`;
  const verdict = ok ? green(`✔ ${status}`) : red(`✘ ${status}`);
  console.log(`  ${name.padEnd(14)}${verdict}  ${said}`);
};

const main = async () => {
  // A public client: nothing that is installed on people's machines can keep a secret.
  const insecure = ISSUER.startsWith('http:') ? [openid.allowInsecureRequests] : [];
  const config = await openid.discovery(new URL(ISSUER), CLIENT_ID, undefined, openid.None(), { execute: insecure });

  const logIn = process.argv.includes('--device') ? logInWithCode : logInWithBrowser;
  const tokens = await logIn(config, WANTED);
  const claims = tokens.claims();
  console.log(`${green('✔')} Logged in as ${bold(claims.name)}`);
  showProfile(claims);

  const listed = await callApi(tokens.access_token);
  showPatients(listed);

  console.log(`\n${bold('Which token opens the API?')}  ${dim('the same request, once with each token')}`);
  showDoor('access token', listed);
  // An ID token says who somebody is. It opens no API; sending one is a common mistake.
  showDoor('ID token', await callApi(tokens.id_token));
};

try {
  await main();
} catch (error) {
  console.error(`${red('✘')} ${error.error_description ?? error.cause?.message ?? error.message}`);
  process.exitCode = 1;
}
