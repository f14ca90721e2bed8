/** Owns the proof of how turns, tokens and sums are worded. */
import { expect, test } from 'vitest';

import { costWords, dollars, tokens, turnWords } from './turnWords';

const startedAt = '2026-01-01T00:00:00.000Z';
const NOW = Date.parse(startedAt) + 5_000;

test('a turn says how long it takes, took, or why it failed', () => {
  expect(turnWords(null, NOW)).toBe('');
  expect(turnWords({ startedAt }, NOW)).toBe('Turn under way for 5 s');
  const endedAt = '2026-01-01T00:00:12.400Z';
  expect(turnWords({ startedAt, endedAt }, NOW)).toBe('Turn took 12 s');
  expect(turnWords({ startedAt, endedAt, error: 'overloaded' }, NOW)).toBe('Turn failed: overloaded');
});

test.each<[number, string]>([
  [0, '0'],
  [812, '812'],
  [14_200, '14.2k'],
  [999_400, '999k'],
  [3_100_000, '3.1M'],
])('tokens(%i)', (count, shown) => expect(tokens(count)).toBe(shown));

test.each<[number, string]>([
  [0, '$0.00'],
  [1_234, '$0.0012'],
  [12_345, '$0.01'],
  [2_500_000, '$2.50'],
])('dollars(%i)', (sum, shown) => expect(dollars(sum)).toBe(shown));

test('a cost says whether it is our estimate or its program’s own', () => {
  expect(costWords({ costMicroUsd: 120_000, costIsEstimate: true })).toBe('≈ $0.12 (estimate)');
  expect(costWords({ costMicroUsd: 20_000 })).toBe('$0.02, as its program tells');
  expect(costWords({ inputTokens: 5 })).toBeUndefined();
  expect(costWords(null)).toBeUndefined();
});
