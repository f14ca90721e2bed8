/** Owns the proof that only what is known to be a login page is shown as one. */
import { expect, test } from 'vitest';

import { linkOf } from './signIn';

test.each<[string | undefined, boolean, ReturnType<typeof linkOf>['is']]>([
  [undefined, false, 'none'],
  ['https://auth.example/device', true, 'trusted'],
  ['https://auth.example/device', false, 'unknown'],
  ['http://auth.example/device', true, 'unknown'],
  ['https://auth.example@evil.example/', true, 'unknown'],
  ['javascript:alert(1)', true, 'odd'],
  ['auth.example/device', true, 'odd'],
])('%s, trusted %s: %s', (url, trusted, is) =>
  expect(linkOf({ login: { kind: 'browser', url, trusted } }).is).toBe(is),
);

test('an address that came alone is not trusted', () => {
  expect(linkOf({ loginUrl: 'https://auth.example/' }).is).toBe('unknown');
});
