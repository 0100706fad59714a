// Where answers of `/authorize` arrive, for applications that are tests and no pages.
import { createServer } from 'node:http';
import { logIn } from './login.mjs';
import { jane } from './ready.mjs';
import { shell, site } from './site.mjs';

/** The callback of Health Web. */
export const webCallback = async (t) => {
  const there = await site(3001, { '/': shell('') });
  t.after(there.stop);
  return `${there.url}/callback`;
};

/** The callback of a native application: loopback, without TLS, on a port that is free (RFC 8252 7.3). */
export const loopbackCallback = async (t) => {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(shell('')));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${server.address().port}/callback`;
};

/**
 * Sends the browser to `url`, logs in where asked, and gives what arrived at the callback: a `URL`, or for
 * form_post a `Request`.
 */
export const arrive = async (page, url, callback, { who = jane, then = async () => {} } = {}) => {
  const posted = page.waitForRequest((request) => request.url() === callback && request.method() === 'POST');
  posted.catch(() => {});
  await page.goto(url.href);
  if (page.url().includes('/u/login')) await logIn(page, who);
  await then(page);
  await page.waitForURL((now) => now.href.startsWith(callback));
  if (url.searchParams.get('response_mode') !== 'form_post') return new URL(page.url());
  const request = await posted;
  return new Request(callback, { method: 'POST', headers: await request.allHeaders(), body: request.postData() });
};
