/** Owns the proof that a recording is read as it was written, and that both of its times agree. */
import { expect, test } from 'vitest';

import { parseCast, playerData, Unplayable } from './cast';
import { lastWhere, Timeline } from './Timeline';

const HEADER = '{"version":3,"term":{"cols":100,"rows":30},"timestamp":1790000000}';
const TEXT = [
  HEADER,
  '# a comment',
  '[0.5, "o", "$ "]',
  '# {"bytes":null,"typed":{"id":"usr_1","name":"Ada"}}',
  '[0.25, "i", "l"]',
  '[0, "o", "l"]',
  '[10, "m", "status: busy"]',
  '[0.25, "r", "120x40"]',
  '[1, "o", "caf\\u00e9 \\ud83e\\udd89"]',
  '# {"after":1.5,"bytes":8,"typed":{"id":"usr_2","name":"Bob"}}',
  '[2, "x", "0"]',
  '',
].join('\n');

test('intervals become moments, comments go, markers are found', () => {
  const cast = parseCast(TEXT, { isWhole: true });
  expect(cast).toMatchObject({ cols: 100, rows: 30, durationMs: 14_000 });
  expect(cast.events.map(({ atMs, code }) => [atMs, code])).toEqual([
    [500, 'o'],
    [750, 'i'],
    [750, 'o'],
    [10_750, 'm'],
    [11_000, 'r'],
    [12_000, 'o'],
    [14_000, 'x'],
  ]);
  expect(cast.inputs).toEqual([
    { atMs: 750, who: { id: 'usr_1', name: 'Ada' }, text: 'l', bytes: 1 },
    { atMs: 13_500, who: { id: 'usr_2', name: 'Bob' }, text: null, bytes: 8 },
  ]);
  expect(cast.markers).toEqual([{ atMs: 10_750, label: 'status: busy' }]);
  expect(cast.events[5]?.data).toBe('café 🦉');
});

test('the beginning of a recording plays up to its last whole line', () => {
  const cut = TEXT.slice(0, TEXT.indexOf('status: busy') + 3);
  expect(parseCast(cut, { isWhole: false }).events).toHaveLength(3);
});

test.each(['', 'no json', '{"version":2,"width":80,"height":24}', `${HEADER}\n[0.5, "o", `])(
  'what is no asciicast v3 is refused with a reason: %j',
  (text) => expect(() => parseCast(text, { isWhole: true })).toThrow(Unplayable),
);

test('without a limit both times are the same', () => {
  const timeline = new Timeline([500, 60_000], null);
  expect(timeline.durationMs).toBe(60_000);
  for (const moment of [0, 499, 30_000, 60_000]) {
    expect(timeline.toShown(moment)).toBe(moment);
    expect(timeline.toReal(moment)).toBe(moment);
  }
});

test('long pauses are shown as the limit, and every moment is found again', () => {
  const timeline = new Timeline([1_000, 11_000, 12_000, 42_000, 42_500], 2_000);
  expect(timeline.durationMs).toBe(1_000 + 2_000 + 1_000 + 2_000 + 500);
  const pairs: [number, number][] = [
    [0, 0],
    [1_000, 1_000],
    [2_000, 2_000],
    [11_000, 3_000],
    [12_000, 4_000],
    [42_000, 6_000],
    [42_500, 6_500],
  ];
  for (const [real, shown] of pairs) {
    expect(timeline.toShown(real)).toBe(shown);
    expect(timeline.toReal(shown)).toBe(real);
  }
  // Within the part that was left out time stands still.
  expect(timeline.toShown(7_000)).toBe(3_000);
});

test('the player is given the shown time, as intervals', () => {
  const cast = parseCast(TEXT, { isWhole: true });
  const timeline = new Timeline(
    cast.events.map(({ atMs }) => atMs),
    1_000,
  );
  const [header, ...events] = playerData(cast, timeline) as [object, ...[number, string, string][]];
  expect(header).toEqual({ version: 3, term: { cols: 100, rows: 30 } });
  expect(events.map(([interval]) => interval)).toEqual([0.5, 0.25, 0, 1, 0.25, 1, 1]);
});

test('the last of an ordered list is found', () => {
  expect([-1, 0, 3, 9].map((at) => lastWhere([0, 3, 3, 7], (item) => item <= at))).toEqual([-1, 0, 2, 3]);
});
