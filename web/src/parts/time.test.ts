/** Owns the proof of how lengths and amounts are worded. */
import { expect, test } from 'vitest';

import { ahead, amount, clock, moment } from './time';

test.each([
  [0, '0:00'],
  [7_900, '0:07'],
  [750_000, '12:30'],
  [3_723_000, '1:02:03'],
  [-5, '0:00'],
])('%i ms stand on the clock as %s', (ms, words) => expect(clock(ms)).toBe(words));

test.each([
  [812, '812 B'],
  [1024, '1.0 KiB'],
  [14_336, '14 KiB'],
  [3_355_443, '3.2 MiB'],
])('%i bytes are %s', (bytes, words) => expect(amount(bytes)).toBe(words));

test('what is to come is counted down', () => {
  const moment = '2026-01-01T01:00:00.000Z';
  expect(ahead(moment, Date.parse('2026-01-01T00:56:00.000Z'))).toBe('in 4 min');
  expect(ahead(moment, Date.parse('2026-01-02T00:00:00.000Z'))).toBe('in 0 s');
});

test('a time of day has its day only when that is another one', () => {
  const at = new Date(2026, 10, 24, 23, 30);
  expect(moment(at.toISOString(), new Date(2026, 10, 24, 9).getTime())).toMatch(/^\d+:30/);
  expect(moment(at.toISOString(), new Date(2026, 10, 23, 9).getTime())).toMatch(/24.*:30/);
});
