// npm's oidc-provider, set up for the same work: client credentials, one API for each algorithm,
// JWT access tokens. Tokens of this kind are not stored by it.
import { generateKeyPairSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const [readyFile, secret] = process.argv.slice(2);
const scope = 'read:patients';

function key(kind, options, alg) {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: 'jwk' }), kid: alg, alg, use: 'sig' };
}

// Its own memory adapter forgets after 1,000 entries.
class Memory {
  static entries = new Map();
  constructor(name) { this.name = name; }
  id(id) { return `${this.name}:${id}`; }
  async upsert(id, payload) { Memory.entries.set(this.id(id), payload); }
  async find(id) { return Memory.entries.get(this.id(id)); }
  async findByUid() { return undefined; }
  async findByUserCode() { return undefined; }
  async consume() {}
  async destroy(id) { Memory.entries.delete(this.id(id)); }
  async revokeByGrantId() {}
}

const configuration = {
  adapter: Memory,
  clients: [{
    client_id: 'bench',
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post',
  }],
  jwks: {
    keys: [
      key('rsa', { modulusLength: 2048 }, 'RS256'),
      key('ec', { namedCurve: 'P-256' }, 'ES256'),
    ],
  },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (context, audience) => ({
        scope,
        audience,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 86400,
        jwt: { sign: { alg: audience.endsWith('ES256') ? 'ES256' : 'RS256' } },
      }),
    },
  },
  ttl: { ClientCredentials: 86400 },
};

// The issuer holds the port, so the port comes first.
let answer;
const server = createServer((request, response) => answer(request, response));
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://localhost:${server.address().port}`;
  answer = new Provider(issuer, configuration).callback();
  writeFileSync(`${readyFile}.part`, JSON.stringify({ issuer }));
  renameSync(`${readyFile}.part`, readyFile);
});
