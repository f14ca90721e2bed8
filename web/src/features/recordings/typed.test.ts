/** Owns the proof that recorded keystrokes become lines that a person can read. */
import { expect, test } from 'vitest';

import type { Input } from './cast';
import { groupTyped, readable } from './typed';

const ADA = { id: 'usr_1', name: 'Ada' };
const BOB = { id: 'usr_2', name: 'Bob' };

function input(atMs: number, text: string | null, who = ADA, bytes = text?.length ?? 0): Input {
  return { atMs, who, text, bytes };
}

test('keystrokes are one input up to Enter', () => {
  const groups = groupTyped([
    input(0, 'l'),
    input(90, 's'),
    input(200, '\r'),
    input(400, 'p'),
    input(450, 'wd\r'),
  ]);
  expect(groups.map(({ atMs, text }) => [atMs, text])).toEqual([
    [0, 'ls\r'],
    [400, 'pwd\r'],
  ]);
});

test('a pause, or somebody else, begins anew', () => {
  const groups = groupTyped([
    input(0, 'a'),
    input(5_000, 'b'),
    input(5_100, 'c', BOB),
    input(5_200, 'd', ADA),
  ]);
  expect(groups.map(({ who, text }) => [who?.name, text])).toEqual([
    ['Ada', 'a'],
    ['Ada', 'b'],
    ['Bob', 'c'],
    ['Ada', 'd'],
  ]);
});

test('what was left out is counted, and empty inputs are none', () => {
  expect(groupTyped([input(0, null, ADA, 3), input(100, null, ADA, 5), input(200, '')])).toEqual([
    { atMs: 0, who: ADA, text: null, bytes: 8 },
  ]);
});

test.each([
  ['ls\r', 'ls⏎'],
  ['\x03', '^C'],
  ['a\x7fb\t', 'a⌫b⇥'],
  ['\x1b[A\x1bOB\x1b[1;5C', '↑↓→'],
  ['\x1b[200~pasted\ntext\x1b[201~', 'pasted⏎text'],
  ['\x1b', '[Esc]'],
  ['\x1b:wq\r', '[Esc]:wq⏎'],
  ['\x1b[<0;10;5M', '[mouse]'],
  ['\x1b[15~', '[key]'],
  ['\x1b[I', ''],
  ['naïve 🦉', 'naïve 🦉'],
])('%j reads %s', (text, words) => expect(readable(text)).toBe(words));
