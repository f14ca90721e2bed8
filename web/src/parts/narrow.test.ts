/** Owns the checks of the days that narrow a list. Must not know which list. */
import { expect, test } from 'vitest';

import { beginOf, endOf } from './narrow';

test('a day lasts from its first moment to that of the next', () => {
  expect(beginOf('2026-03-01')).toBe(new Date(2026, 2, 1).toISOString());
  expect(endOf('2026-02-28')).toBe(new Date(2026, 2, 1).toISOString());
  expect(endOf('2026-12-31')).toBe(new Date(2027, 0, 1).toISOString());
});

test('what is no day narrows nothing', () => {
  for (const bad of [null, '', 'today', '2026-1-1', '2026-13-40', "2026-01-01'"]) {
    expect(beginOf(bad)).toBeUndefined();
    expect(endOf(bad)).toBeUndefined();
  }
});
