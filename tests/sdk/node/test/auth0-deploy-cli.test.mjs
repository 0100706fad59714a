// npm `auth0-deploy-cli`: a tenant is exported, imported again, and comes out as it was.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { domain, management, ready, unique } from './support.mjs';

const program = join(dirname(createRequire(import.meta.url).resolve('auth0-deploy-cli')), 'index.js');

const a0deploy = async (...args) => {
  const env = {
    ...process.env,
    AUTH0_DOMAIN: domain,
    AUTH0_CLIENT_ID: ready.management.client_id,
    AUTH0_CLIENT_SECRET: ready.management.client_secret,
  };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args, '--env', 'true'], { env });
  return stdout + stderr;
};

const exported = async (folder) => {
  const said = await a0deploy('export', '--format', 'yaml', '--output_folder', folder);
  assert.match(said, /Export Successful/);
  return readFileSync(join(folder, 'tenant.yaml'), 'utf8');
};

test('an export, an import of it, and the same export again', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cardea-deploy-'));
  const app = await management.clients.create({ name: unique('Exported'), cardea_flags: { pkce: 'optional' } });
  t.after(async () => {
    rmSync(folder, { recursive: true });
    await management.clients.delete(app.client_id);
    await management.branding.update({ colors: null, logo_url: null });
    await management.prompts.updateSettings({ identifier_first: false });
    await management.prompts.customText.set('login-id', 'de', {});
  });
  const gradient = { type: 'linear-gradient', start: '#FFFFFF', end: '#000000', angle_deg: 35 };
  await management.branding.update({
    colors: { primary: '#0059d6', page_background: gradient },
    logo_url: 'https://cdn.example/logo.png',
  });
  await management.prompts.updateSettings({ identifier_first: true });
  await management.prompts.customText.set('login-id', 'de', { 'login-id': { title: 'Guten Tag' } });

  const before = await exported(join(folder, 'before'));
  for (const part of [app.name, 'pkce: optional', "primary: '#0059d6'", 'angle_deg: 35', 'identifier_first: true', 'title: Guten Tag']) {
    assert.ok(before.includes(part), part);
  }
  const said = await a0deploy('import', '--input_file', join(folder, 'before', 'tenant.yaml'));
  assert.match(said, /Import Successful/);
  assert.equal(await exported(join(folder, 'after')), before);
});
