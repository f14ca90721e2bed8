/** Owns the proof of which group an agent stands in, and how time is worded. */
import { expect, test } from 'vitest';

import type { Agent, AgentStatus } from '../api/shapes';
import { groupOf, type Group } from './states';
import { ago, span } from './time';

const SINCE = '2026-01-01T00:00:00.000Z';
const HOUR = 3_600_000;

test.each<[AgentStatus, number, Group]>([
  ['spawning', 0, 'starting'],
  ['starting', 0, 'starting'],
  ['login_required', 0, 'needsYou'],
  ['waiting', 48 * HOUR, 'needsYou'],
  ['ready', 0, 'ready'],
  ['busy', 0, 'working'],
  ['stopping', 0, 'working'],
  ['stopped', 0, 'stopped'],
  ['error', HOUR, 'needsYou'],
  ['error', 25 * HOUR, 'stopped'],
])('%s for %i ms is %s', (status, age, group) => {
  expect(groupOf({ status, statusSince: SINCE } as Agent, Date.parse(SINCE) + age)).toBe(group);
});

test.each<[number, string]>([
  [-5, '0 s'],
  [59_000, '59 s'],
  [240_000, '4 min'],
  [3 * HOUR, '3 h'],
  [49 * HOUR, '2 d'],
])('span(%i) is %s', (ms, words) => expect(span(ms)).toBe(words));

test('what has just happened is not counted in seconds', () => {
  expect(ago(SINCE, Date.parse(SINCE) + 1_000)).toBe('just now');
  expect(ago(SINCE, Date.parse(SINCE) + 240_000)).toBe('4 min ago');
});
