/** Owns the proof of what the form of recording settings sends. */
import { expect, test } from 'vitest';

import { changesOf, fieldsOf, isValidDays } from './recordingFields';

const KEPT = { recordInput: 'full', recordingRetentionDays: null } as const;
const SHORT = { recordInput: 'output_only', recordingRetentionDays: 30 } as const;

test('an untouched form sends nothing', () => {
  for (const settings of [KEPT, SHORT]) expect(changesOf(settings, fieldsOf(settings))).toEqual({});
});

test('only what was changed is sent, and an emptied field means no end', () => {
  expect(changesOf(KEPT, { recordInput: 'full', days: 14 })).toEqual({ recordingRetentionDays: 14 });
  expect(changesOf(SHORT, { recordInput: 'output_only', days: '' })).toEqual({
    recordingRetentionDays: null,
  });
  expect(changesOf(SHORT, { recordInput: 'full', days: '30' })).toEqual({ recordInput: 'full' });
});

test.each<[number | string, boolean]>([
  ['', true],
  [1, true],
  [3650, true],
  ['30', true],
  [0, false],
  [3651, false],
  ['-', false],
])('%j days are accepted: %s', (days, isValid) => expect(isValidDays(days)).toBe(isValid));
