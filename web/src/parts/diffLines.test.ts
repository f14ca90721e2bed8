/** Owns the proof that a difference is read line by line. */
import { describe, expect, it } from 'vitest';

import { diffLines } from './diffLines';

describe('diffLines', () => {
  it('reads a unified difference without its head', () => {
    const difference = '--- before\n+++ after\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n';
    expect(diffLines(difference)).toEqual([
      { kind: 'same', text: 'one' },
      { kind: 'removed', text: 'two' },
      { kind: 'added', text: '2' },
      { kind: 'same', text: 'three' },
    ]);
  });

  it('keeps lines that only look like a head, and marks what is skipped', () => {
    const difference =
      '@@ -5,2 +5,2 @@\n--- rule\n+++ rule\n@@ -20 +20 @@\n-a\n\\ No newline at end of file\n+b';
    expect(diffLines(difference)).toEqual([
      { kind: 'skip', text: '' },
      { kind: 'removed', text: '-- rule' },
      { kind: 'added', text: '++ rule' },
      { kind: 'skip', text: '' },
      { kind: 'removed', text: 'a' },
      { kind: 'added', text: 'b' },
    ]);
  });

  it('has nothing to say of nothing', () => {
    expect(diffLines('')).toEqual([]);
  });
});
