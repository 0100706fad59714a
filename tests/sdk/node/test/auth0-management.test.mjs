// npm `auth0`, both supported majors: the Management API as a program uses it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as six from 'auth0';
import * as seven from 'auth0-v7';
import { decode, domain, issuer, management, machine, ready, unique } from './support.mjs';

const refusal = (statusCode, errorCode, message) => (error) => {
  assert.equal(error.statusCode, statusCode);
  assert.equal(error.body.statusCode, statusCode);
  assert.equal(error.body.errorCode, errorCode);
  assert.match(error.body.message, message);
  return true;
};

for (const [version, sdk] of [['6', six], ['7', seven]]) {
  describe(`auth0 ${version}: ManagementClient`, () => {
    const client = new sdk.ManagementClient({
      domain,
      clientId: ready.management.client_id,
      clientSecret: ready.management.client_secret,
    });

    test('an API lives from create to delete', async () => {
      const identifier = `https://example.com/${unique('api')}`;
      const created = await client.resourceServers.create({
        name: 'Birds',
        identifier,
        scopes: [{ value: 'read:birds', description: 'Look at birds' }],
      });
      assert.match(created.id, /^[0-9a-f]{24}$/);
      assert.equal(created.identifier, identifier);
      assert.equal(created.signing_alg, 'RS256');
      assert.equal(created.token_lifetime, 86400);
      assert.equal(created.token_lifetime_for_web, 7200);
      assert.equal(created.allow_offline_access, false);
      assert.equal(created.skip_consent_for_verifiable_first_party_clients, false);
      assert.equal(created.is_system, undefined);
      assert.deepEqual(created.subject_type_authorization, {
        client: { policy: 'require_client_grant' },
        user: { policy: 'allow_all' },
      });

      const got = await client.resourceServers.get(created.id);
      assert.deepEqual(got, created);
      const byIdentifier = await client.resourceServers.get(identifier);
      assert.equal(byIdentifier.id, created.id);

      const updated = await client.resourceServers.update(created.id, {
        token_lifetime: 600,
        token_lifetime_for_web: 300,
        scopes: [{ value: 'read:birds' }, { value: 'write:birds' }],
      });
      assert.equal(updated.name, 'Birds', 'what was not sent stays');
      assert.equal(updated.token_lifetime, 600);
      assert.deepEqual(updated.scopes.map((scope) => scope.value), ['read:birds', 'write:birds']);
      await assert.rejects(
        client.resourceServers.update(created.id, { identifier: 'https://example.com/other' }),
        refusal(400, 'invalid_body', /Additional properties not allowed: identifier/),
      );

      await client.resourceServers.delete(created.id);
      await assert.rejects(
        client.resourceServers.get(created.id),
        refusal(404, 'inexistent_resource_server', /^The resource server does not exist$/),
      );
    });

    test('an application lives from create to delete', async () => {
      const name = unique('App');
      const created = await client.clients.create({ name, app_type: 'non_interactive' });
      assert.match(created.client_id, /^[A-Za-z0-9]{32}$/);
      assert.ok(created.client_secret.length >= 43);
      assert.equal(created.app_type, 'non_interactive');
      assert.ok(created.grant_types.includes('client_credentials'));

      const got = await client.clients.get(created.client_id);
      assert.equal(got.name, name);
      const few = await client.clients.get(created.client_id, { fields: 'name,app_type', include_fields: true });
      assert.equal(few.name, name);
      assert.equal(few.client_secret, undefined);

      const updated = await client.clients.update(created.client_id, {
        description: 'of a test',
        client_metadata: { team: 'birds' },
      });
      assert.equal(updated.description, 'of a test');
      assert.deepEqual(updated.client_metadata, { team: 'birds' });
      assert.deepEqual(updated.grant_types, created.grant_types);

      const rotated = await client.clients.rotateSecret(created.client_id);
      assert.notEqual(rotated.client_secret, created.client_secret);

      await client.clients.delete(created.client_id);
      await assert.rejects(
        client.clients.get(created.client_id),
        refusal(404, 'inexistent_client', /^The client does not exist$/),
      );
    });

    test('a client grant lives from create to delete', async (t) => {
      const { client: app, identifier } = await machine(t);
      const grant = await client.clientGrants.create({
        client_id: app.client_id,
        audience: identifier,
        scope: ['read:things'],
      });
      assert.match(grant.id, /^cgr_/);
      assert.equal(grant.subject_type, 'client');
      assert.deepEqual(grant.scope, ['read:things']);

      await assert.rejects(
        client.clientGrants.create({ client_id: app.client_id, audience: identifier, scope: [] }),
        (error) => error.statusCode === 409,
      );

      const listed = await client.clientGrants.list({ client_id: app.client_id });
      assert.deepEqual(listed.data.map((entry) => entry.id), [grant.id]);
      const updated = await client.clientGrants.update(grant.id, { scope: ['read:things', 'write:things'] });
      assert.deepEqual(updated.scope, ['read:things', 'write:things']);
      assert.deepEqual((await client.clientGrants.get(grant.id)).scope, updated.scope);

      await client.clientGrants.delete(grant.id);
      const after = await client.clientGrants.list({ client_id: app.client_id });
      assert.deepEqual(after.data, []);
    });

    test('lists are paged to their end, each entry once', async () => {
      const made = [];
      for (let number = 0; number < 7; number++) {
        const identifier = `https://example.com/${unique('page')}`;
        made.push(await client.resourceServers.create({ name: `Page ${number}`, identifier }));
      }
      const first = await client.resourceServers.list({ per_page: 3, page: 0, include_totals: true });
      assert.equal(first.data.length, 3);
      assert.ok(first.hasNextPage());
      const seen = [];
      for await (const entry of first) seen.push(entry.id);
      assert.equal(new Set(seen).size, seen.length);
      for (const { id } of made) assert.ok(seen.includes(id));
      for (const { id } of made) await client.resourceServers.delete(id);

      const grants = [];
      for await (const grant of await client.clientGrants.list({ take: 2 })) grants.push(grant.id);
      assert.equal(new Set(grants).size, grants.length);
      assert.ok(grants.length >= 2, 'the example tenant has more than one client grant');
    });

    test('the Management API is an API in its own list', async () => {
      const list = await client.resourceServers.list({ identifiers: [ready.management.audience] });
      assert.deepEqual(list.data.map((entry) => entry.identifier), [`${issuer}api/v2/`]);
      const [system] = list.data;
      assert.equal(system.name, 'Auth0 Management API');
      assert.equal(system.is_system, true);
      assert.ok(system.scopes.some((scope) => scope.value === 'create:client_grants'));
    });

    test('what is not understood is refused by name', async () => {
      await assert.rejects(
        client.resourceServers.create({ identifier: 'https://example.com/x', surprise: true }),
        refusal(400, 'invalid_body', /^Payload validation error: 'Additional properties not allowed: surprise'/),
      );
      await assert.rejects(
        client.resourceServers.create({ name: 'No identifier' }),
        refusal(400, 'invalid_body', /^Payload validation error: 'Missing required property: identifier'/),
      );
      await assert.rejects(
        client.clients.create({ name: 'Bad', app_type: 'toaster' }),
        (error) => error.statusCode === 400 && /app_type/.test(error.body.message),
      );
    });

    test('a token without the scope is refused, and the scope is named', async (t) => {
      const { client: app } = await machine(t);
      await client.clientGrants.create({
        client_id: app.client_id,
        audience: ready.management.audience,
        scope: ['read:resource_servers'],
      });
      const narrow = new sdk.ManagementClient({
        domain,
        clientId: app.client_id,
        clientSecret: app.client_secret,
      });
      assert.ok((await narrow.resourceServers.list()).data.length > 0);
      await assert.rejects(
        narrow.resourceServers.create({ identifier: 'https://example.com/never' }),
        refusal(403, 'insufficient_scope', /^Insufficient scope, expected any of: create:resource_servers$/),
      );
    });

    test('a token that is none is refused', async () => {
      const broken = new sdk.ManagementClient({ domain, token: 'not-a-token' });
      await assert.rejects(
        broken.clients.list(),
        refusal(400, 'Bearer', /^Bad HTTP authentication header format$/),
      );
    });

    test('signing keys and logs can be read', async () => {
      const keys = await client.keys.signing.list();
      const current = keys.filter((key) => key.current);
      assert.equal(current.length, 1);
      assert.match(current[0].cert, /^-----BEGIN CERTIFICATE-----/);

      const logs = await client.logs.list({ per_page: 5 });
      assert.ok(logs.data.length > 0);
      const one = await client.logs.get(logs.data[0].log_id);
      assert.equal(one.log_id, logs.data[0].log_id);
    });
  });
}

test('the token of the ManagementClient carries all scopes of its grant', async () => {
  const { accessToken } = await import('./support.mjs');
  const token = await accessToken(ready.management, { audience: ready.management.audience });
  const { payload } = decode(token);
  assert.equal(payload.aud, `${issuer}api/v2/`);
  assert.equal(payload.azp, ready.management.client_id);
  const system = await management.resourceServers.get(ready.management.audience);
  const scopes = system.scopes.map((scope) => scope.value);
  assert.deepEqual(payload.scope.split(' ').sort(), scopes.sort());
});
