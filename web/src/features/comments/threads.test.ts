/** Owns the proof that answers stand under what they answer. */
import { describe, expect, it } from 'vitest';

import type { Comment } from '../../api/knowledge';
import { threadsOf } from './threads';

function comment(id: string, at: number, replyTo: string | null = null): Comment {
  const author = { kind: 'user', id: 'usr_1', name: 'Ada' } as const;
  const createdAt = new Date(Date.UTC(2026, 0, 1, 0, at)).toISOString();
  return { id, content: id, author, replyTo, createdAt };
}

const shape = (comments: Comment[]) =>
  threadsOf(comments).map(({ first, replies }) => [first.id, ...replies.map(({ id }) => id)]);

describe('threadsOf', () => {
  it.each([
    ['nothing', [], []],
    ['in the order of writing', [comment('b', 2), comment('a', 1)], [['a'], ['b']]],
    [
      'answers under what they answer',
      [comment('a', 1), comment('b', 2), comment('c', 3, 'a')],
      [['a', 'c'], ['b']],
    ],
    [
      'answers to answers in one thread',
      [comment('a', 1), comment('b', 2, 'a'), comment('c', 3, 'b')],
      [['a', 'b', 'c']],
    ],
    ['an answer to what is gone by itself', [comment('b', 2, 'gone')], [['b']]],
    ['no circle without an end', [comment('a', 1, 'b'), comment('b', 2, 'a')], [['a'], ['b']]],
  ])('%s', (_, comments, threads) => {
    expect(shape(comments).flat().sort()).toEqual(threads.flat().sort());
    if (!_.startsWith('no circle')) expect(shape(comments)).toEqual(threads);
  });
});
