/** Owns the proof of which roles somebody may give. Must not know how they are shown. */
import { expect, test } from 'vitest';

import { rolesWithin } from './roles';

test('nobody gives a role above their own', () => {
  expect(rolesWithin('admin')).toEqual(['viewer', 'member', 'admin']);
  expect(rolesWithin('owner')).toContain('owner');
  expect(rolesWithin('viewer')).toEqual(['viewer']);
});
