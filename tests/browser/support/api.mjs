// The Health API as somebody else would write it, with `express-oauth2-jwt-bearer`, for pages of other origins.
import express from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import { HEALTH_API, issuer } from './ready.mjs';
import { site } from './site.mjs';

export const serveApi = async (t) => {
  const app = express();
  app.use((request, response, next) => {
    response.set({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'authorization',
      'access-control-expose-headers': 'www-authenticate',
    });
    if (request.method === 'OPTIONS') response.sendStatus(204);
    else next();
  });
  app.use(auth({ issuerBaseURL: issuer, audience: HEALTH_API }));
  app.get('/patients', requiredScopes('read:patients'), (request, response) => response.json(request.auth.payload));
  app.get('/notes', requiredScopes('write:patients'), (_, response) => response.json([]));
  app.use((error, _request, response, _next) =>
    response
      .status(error.status ?? 500)
      .set(error.headers ?? {})
      .json({ error: error.code, message: error.message }),
  );
  const there = await site(0, app);
  t.after(there.stop);
  return there.url;
};
