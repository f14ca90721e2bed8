/** Owns the proof that arguments of tools are shown so that they can be read. */
import { expect, test } from 'vitest';

import { placeOf, readable, withoutArguments, type Readable } from './promptArguments';

test.each<[unknown, Readable[]]>([
  [undefined, []],
  [null, []],
  [{}, []],
  ['ls -la', [{ text: 'ls -la' }]],
  [{ command: 'rm -rf x\necho done' }, [{ text: 'rm -rf x\necho done' }]],
  [{ command: ['bash', '-lc', 'make test'] }, [{ text: 'bash -lc make test' }]],
  [
    { description: 'Clean', command: 'make clean' },
    [
      { name: 'command', text: 'make clean' },
      { name: 'description', text: 'Clean' },
    ],
  ],
  [{ file_path: '/a/b', old: null }, [{ name: 'file_path', text: '/a/b' }]],
  [{ edits: [{ a: 1 }] }, [{ name: 'edits', text: '[\n  {\n    "a": 1\n  }\n]' }]],
  [[1, 2], [{ text: '[\n  1,\n  2\n]' }]],
])('readable(%j)', (given, shown) => expect(readable(given)).toEqual(shown));

test.each<[string, unknown, string]>([
  ['Bash command\n touch x\nGo on?', { command: 'touch x' }, 'Bash command\nGo on?'],
  ['touch x\nGo on?', undefined, 'touch x\nGo on?'],
  ['touch xy', { command: 'touch x' }, 'touch xy'],
  ['touch x', { command: 'touch x' }, 'touch x'],
])('%j without %j', (question, given, rest) => expect(withoutArguments(question, given)).toBe(rest));

test.each<[string, number | null]>([
  ['1', 0],
  ['9', 8],
  ['0', null],
  ['a', null],
  ['12', null],
])('the key %j', (key, place) => expect(placeOf(key)).toBe(place));
