/** Owns the checks of what differs between before and after. Must not know components. */
import { expect, test } from 'vitest';

import { differences } from './difference';

test('what changed comes first, with both sides', () => {
  const before = { mode: 'local', days: 30, key: null };
  const after = { mode: 'local', days: 90, key: 'ab12' };
  expect(differences(before, after)).toEqual([
    { field: 'days', before: '30', after: '90', isChanged: true },
    { field: 'key', before: null, after: 'ab12', isChanged: true },
    { field: 'mode', before: 'local', after: 'local', isChanged: false },
  ]);
});

test('a side may be missing, and need not be an object', () => {
  expect(differences(null, undefined)).toEqual([]);
  expect(differences(null, { roles: ['a', 'b'] })).toEqual([
    { field: 'roles', before: null, after: '["a","b"]', isChanged: true },
  ]);
  expect(differences('one', 'two')).toEqual([{ field: '', before: 'one', after: 'two', isChanged: true }]);
});
