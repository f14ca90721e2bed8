/** Owns the proof of what the form of a provider keeps, sends and refuses. Must not know the form. */
import { expect, test } from 'vitest';

import { changeOf, fieldsOf } from './signInFields';

test('a secret that was not typed is not sent, and domains are a list', () => {
  const fields = {
    ...fieldsOf(null),
    name: 'Company',
    domains: ' company.com,; b.org ',
    role: 'member' as const,
  };
  expect(changeOf(fields)).toEqual({
    name: 'Company',
    issuer: '',
    clientId: '',
    allowedDomains: ['company.com', 'b.org'],
    defaultRole: 'member',
    createAccounts: false,
  });
  expect(changeOf({ ...fields, clientSecret: 's' }).clientSecret).toBe('s');
});
