// The identity server of the tests: oidc-provider (certified by the OpenID Foundation) with apps and people from the
// caller. Arguments: the folder that oidc-provider is installed in, and the settings as JSON,
// `{"clients": [...], "people": {"<login>": {<claims>}}, "conforms": false}`. It takes a free port and prints its address as the first
// line. It ends when its standard input ends.
//
// Its sign-in page takes any name as login, with any password. `POST /rotate-keys` replaces the signing key: the old
// key is gone from the key set, and sessions, grants and tokens stay.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, settings] = process.argv.slice(2);
const { Provider } = await import(pathToFileURL(join(folder, 'node_modules/oidc-provider/lib/index.js')));
const { clients, people, conforms } = JSON.parse(settings);
const cookieKeys = [randomUUID()];

class Stored {
  // Outlives a provider, so that only the key changes when keys are rotated.
  static all = new Map();

  constructor(model) {
    this.model = model;
  }

  of(id) {
    return `${this.model}:${id}`;
  }

  async upsert(id, payload) {
    Stored.all.set(this.of(id), payload);
  }

  async find(id) {
    return Stored.all.get(this.of(id));
  }

  async findByUid(uid) {
    return [...Stored.all.values()].find((payload) => payload.uid === uid && payload.kind === this.model);
  }

  async findByUserCode() {
    return undefined;
  }

  async consume(id) {
    Stored.all.get(this.of(id)).consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    Stored.all.delete(this.of(id));
  }

  async revokeByGrantId(grantId) {
    for (const [key, payload] of Stored.all) {
      if (payload.grantId === grantId) Stored.all.delete(key);
    }
  }
}

function newKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: randomUUID() };
}

function onThisMachine(address) {
  const url = new URL(address);
  return url.protocol === 'http:' && url.hostname === '127.0.0.1';
}

function provider(issuer) {
  const made = new Provider(issuer, {
    adapter: Stored,
    clients: clients.map((client) => ({
      ...client,
      application_type: 'native', // web apps may not register http addresses
      redirect_uris: ['http://127.0.0.1/'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'RS256',
    })),
    claims: {
      openid: ['sub', 'xero_userid'],
      email: ['email', 'email_verified'],
      profile: ['given_name', 'family_name'],
    },
    scopes: ['openid', 'offline_access', 'profile', 'email', 'practicemanager.read'],
    conformIdTokenClaims: conforms, // Xero does not: the id_token holds the claims of the scopes
    cookies: { keys: cookieKeys },
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    findAccount: async (_, login) => ({ accountId: login, claims: async () => ({ sub: login, ...people[login] }) }),
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    jwks: { keys: [newKey()] },
    pkce: { required: () => true },
    rotateRefreshToken: () => true,
    revokeGrantPolicy: () => true,
  });
  made.Client.prototype.redirectUriAllowed = onThisMachine; // at whatever port and path a test listens
  return made.callback();
}

let answer;
const server = createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/rotate-keys') {
    answer = provider(issuer);
    response.writeHead(204).end();
  } else {
    answer(request, response);
  }
});
let issuer;
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  answer = provider(issuer);
  console.log(issuer);
});
process.stdin.resume().on('end', () => process.exit(0));
