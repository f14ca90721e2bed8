/** Owns the proof that small screens show the lines that say something. */
import { expect, test } from 'vitest';

import { lastLines, splitError } from './screenLines';

test.each<[string[], number, string[]]>([
  [[], 3, []],
  [['', '  '], 3, []],
  [['a', 'b', 'c', '', ''], 2, ['b', 'c']],
  [['a', '', 'c   '], 5, ['a', '', 'c']],
])('lastLines(%j, %i)', (lines, count, shown) => expect(lastLines(lines, count)).toEqual(shown));

test('the first line of an error is its reason', () => {
  expect(splitError('exited with status 3\n\n$ make\nmake: *** no rule')).toEqual({
    reason: 'exited with status 3',
    lines: ['$ make', 'make: *** no rule'],
  });
  expect(splitError('not found')).toEqual({ reason: 'not found', lines: [] });
});
