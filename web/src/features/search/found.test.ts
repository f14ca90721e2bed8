/** Owns the proof that a result leads to where it is read, and marks only what was found. */
import { describe, expect, it } from 'vitest';

import { piecesOf, placeOf } from './found';

describe('piecesOf', () => {
  it.each([
    ['', []],
    ['plain', [['plain', false]]],
    [
      'a ⟦match⟧ and ⟦more⟧',
      [
        ['a ', false],
        ['match', true],
        [' and ', false],
        ['more', true],
      ],
    ],
    ['cut ⟦off', [['cut off', false]]],
    [
      '<b>⟦x⟧</b>',
      [
        ['<b>', false],
        ['x', true],
        ['</b>', false],
      ],
    ],
  ] as [string, [string, boolean][]][])('%s', (snippet, pieces) => {
    expect(piecesOf(snippet).map(({ text, isMatch }) => [text, isMatch])).toEqual(pieces);
  });
});

it.each([
  [{ kind: 'page', id: 'p' }, '/pages/p'],
  [{ kind: 'task', id: 't' }, '/tasks/t'],
  [{ kind: 'comment', id: 'c', pageId: 'p' }, '/pages/p#c'],
  [{ kind: 'comment', id: 'c', taskId: 't', pageId: null }, '/tasks/t#c'],
] as const)('%o is at %s', (found, place) => {
  expect(placeOf(found)).toBe(place);
});
