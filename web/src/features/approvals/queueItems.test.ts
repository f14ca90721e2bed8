/** Owns the proof of where the keys of the queue lead. */
import { expect, test } from 'vitest';

import type { QueueItem } from '../../api/shapes';
import { keyOf, neighbour } from './queueItems';

const item = (id: string) => ({ kind: 'question', id, question: id }) as QueueItem;
const ITEMS = [item('1'), item('2'), item('3')];

test.each([
  [null, 1, '1'],
  [null, -1, '1'],
  ['gone', 1, '1'],
  ['1', 1, '2'],
  ['2', -1, '1'],
  ['3', 1, '3'],
  ['1', -1, '1'],
] as const)('from %s by %i to %s', (from, by, to) => {
  const next = neighbour(ITEMS, from, by);
  expect(next && keyOf(next)).toBe(to);
});

test('from an empty queue there is nowhere to go', () => {
  expect(neighbour([], '1', 1)).toBeUndefined();
});
