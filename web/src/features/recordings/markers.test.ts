/** Owns the proof that markers are worded for people. */
import { expect, test } from 'vitest';

import { lookOf, type MarkerKind } from './markers';

test.each<[string, MarkerKind, string]>([
  ['status: ready', 'status', 'Ready'],
  ['status: login_required', 'status', 'Login required'],
  ['status: something-new', 'status', 'something-new'],
  ['writer: Ada Lovelace', 'writer', 'Ada Lovelace has the keyboard'],
  ['writer: nobody', 'writer', 'Nobody has the keyboard'],
  ['exit: 0', 'exit', 'Ended with status 0'],
  ['held', 'held', 'Held: the agent waited until its output was recorded'],
  ['gap: 12 bytes', 'gap', 'Gap: 12 bytes'],
  ['ended by signal 9', 'exit', 'Ended by signal 9'],
  ['raven-docs was started again', 'other', 'Raven-docs was started again'],
])('%s', (label, kind, words) => expect(lookOf(label)).toMatchObject({ kind, words }));
