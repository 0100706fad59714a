// Starts Debian's Chromium in a home of its own. Which certificates it trusts stands in that home's
// NSS database, as on a person's machine; no switch turns the check off.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const trust = (home, authority) => {
  const database = join(home, '.pki', 'nssdb');
  mkdirSync(database, { recursive: true });
  execFileSync('certutil', ['-N', '-d', `sql:${database}`, '--empty-password']);
  if (!authority) return;
  execFileSync('certutil', ['-A', '-d', `sql:${database}`, '-n', 'cardea-dev', '-t', 'C,,', '-i', authority]);
};

/** Starts it with `how` (`launch`, `launchServer`); trusts `authority`, a PEM file, or nothing beyond its own list. */
export const start = async (how, authority) => {
  const executablePath = process.env.CHROMIUM ?? PROGRAMS.find(existsSync);
  if (!executablePath) throw new Error('Chromium is missing: `apt-get install chromium`');
  const home = mkdtempSync(join(tmpdir(), 'cardea-chromium-'));
  trust(home, authority);
  // Chromium has no sandbox for root.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const running = await chromium[how]({ executablePath, args, env: { ...process.env, HOME: home } });
  const stop = async () => {
    await running.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  };
  return { running, stop };
};
