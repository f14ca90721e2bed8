/**
 * An OpenID Connect provider for the browser tests, on a free port of this machine. Whoever types a name at its
 * form is that person, in any password. Must not know the tests.
 *
 * node provider.mjs REDIRECT_URL CLIENT_SECRET
 */
import { once } from 'node:events';
import { createServer } from 'node:http';

import Provider from 'oidc-provider';

const [redirect, secret] = process.argv.slice(2);

const PEOPLE = {
  ada: { email: 'ada@example.com', email_verified: true, name: 'Ada of the provider' },
  grace: { email: 'grace@company.test', email_verified: true, name: 'Grace' },
  mallory: { email: 'mallory@company.test', email_verified: false, name: 'Mallory' },
  eve: { email: 'eve@elsewhere.test', email_verified: true, name: 'Eve' },
};

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://localhost:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'raven',
      client_secret: secret,
      redirect_uris: [redirect],
      grant_types: ['authorization_code'],
      response_types: ['code'],
    },
  ],
  claims: { email: ['email', 'email_verified'], profile: ['name'] },
  findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ sub, ...PEOPLE[sub] }) }),
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ['only for tests'] },
});
server.on('request', provider.callback());
process.stdout.write(`issuer ${issuer}\n`);
process.on('SIGINT', () => {
  server.closeAllConnections();
  server.close(() => process.exit(0));
});
