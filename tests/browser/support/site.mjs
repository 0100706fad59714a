// Applications of other people: static pages and small apps, served over HTTPS with the leaf beside the dev CA.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { until } from './browser.mjs';
import { ready } from './ready.mjs';

const APPS = fileURLToPath(new URL('../apps/', import.meta.url));
const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript; charset=utf-8' };

/** One of `apps/`, bundled as for production, with `values` as compile-time constants and packages under other names. */
export const bundle = async (name, values = {}, alias = {}) => {
  const define = { 'process.env.NODE_ENV': '"production"' };
  for (const [key, value] of Object.entries(values)) define[key] = JSON.stringify(value);
  const { outputFiles } = await build({
    entryPoints: [APPS + name],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    define,
    alias,
  });
  return outputFiles[0].text;
};

/** A page with one script. */
export const shell = (script = '/app.js') => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>An application</title><link rel="icon" href="data:,"></head>
<body><div id="root"></div>${script ? `<script type="module" src="${script}"></script>` : ''}</body></html>`;

/** Serves `files`, `{path: text}`, and the page at `/` for every other path, as single-page applications do. */
const files = (texts) => (request, response) => {
  const { pathname } = new URL(request.url, 'https://localhost');
  const path = texts[pathname] === undefined ? '/' : pathname;
  const type = TYPES[path.split('.')[1]] ?? TYPES.html;
  response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(texts[path]);
};

const listen = (server, port, host) =>
  new Promise((resolve, reject) => {
    const failed = (error) => (error.code === 'EADDRINUSE' ? resolve(false) : reject(error));
    server.once('error', failed).listen(port, host, () => {
      server.off('error', failed);
      resolve(true);
    });
  });

/**
 * Serves files or an app (`(request, response) => …`, so Express too) at `https://localhost:PORT`.
 * The ports of the example tenant's callbacks are fixed, so another run on this machine is waited for.
 */
export const site = async (port, content, host = 'localhost') => {
  const tls = { cert: readFileSync(ready.leaf.cert_file), key: readFileSync(ready.leaf.key_file) };
  const server = createServer(tls, typeof content === 'function' ? content : files(content));
  await until(() => listen(server, port, host), `port ${port}, which another program has,`);
  server.unref(); // what a failed test leaves behind keeps no process alive
  const stop = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  return { url: `https://${host}:${server.address().port}`, stop };
};
