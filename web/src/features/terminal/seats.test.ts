/** Owns the proof of what is offered to whom: typing, watching, waiting, idle, free. */
import { expect, test } from 'vitest';

import {
  changeOf,
  mayHandTo,
  requestsFor,
  standingOf,
  type Me,
  type Offer,
  type Viewer,
  type Writer,
} from './seats';

const ADMIN: Me = { seat: 1, mayWrite: true, mayTake: true };
const MEMBER: Me = { seat: 1, mayWrite: true, mayTake: false };
const VIEWER: Me = { seat: 1, mayWrite: false, mayTake: false };

const BOB = { id: 'usr_2', name: 'Bob' };
const BUSY: Writer = { user: BOB, you: false, seat: 2, idle: false };
const IDLE: Writer = { ...BUSY, idle: true };
const FREE: Writer = { user: null, you: false, seat: null, idle: false };
const MINE: Writer = { user: { id: 'usr_1', name: 'Ada' }, you: true, seat: 1, idle: false };

function viewer(seat: number, more: Partial<Viewer> = {}): Viewer {
  const rights = { wants: false, mayWrite: true, guest: false };
  return { id: `usr_${seat}`, name: 'X', role: 'viewer', seat, ...rights, ...more };
}

test.each<[string, Me, Writer, boolean, Offer[]]>([
  ['a member asks', MEMBER, BUSY, false, ['ask']],
  ['a member who waits may cancel', MEMBER, BUSY, true, ['cancel']],
  ['a member takes from an idle writer', MEMBER, IDLE, false, ['take']],
  ['a waiting member may take once the writer is idle', MEMBER, IDLE, true, ['cancel', 'take']],
  ['an admin may take, and may ask', ADMIN, BUSY, false, ['ask', 'take']],
  ['a member takes the free seat', MEMBER, FREE, false, ['take']],
  ['who may not write is offered nothing', VIEWER, BUSY, false, []],
  ['not even the idle seat', VIEWER, IDLE, false, []],
  ['nor the free one', VIEWER, FREE, false, []],
])('%s', (_, me, writer, wants, offers) => {
  const standing = standingOf(me, writer, [viewer(1, { wants }), viewer(2, { role: 'writer' })]);
  expect(standing.is === 'writing' ? [] : standing.offers).toEqual(offers);
});

test('from another window of mine I may take without asking', () => {
  const viewers = [viewer(1), viewer(2, { id: 'usr_1', role: 'writer' })];
  const writer: Writer = { ...BUSY, user: { id: 'usr_1', name: 'Ada' } };
  expect(standingOf(MEMBER, writer, viewers)).toMatchObject({ isMine: true, offers: ['take'] });
});

test('the wish of another window of mine is not mine', () => {
  const other = viewer(9, { id: 'usr_1', wants: true });
  expect(standingOf(MEMBER, BUSY, [viewer(1), other])).toMatchObject({ offers: ['ask'] });
});

test('requests are shown to the writer alone, in their order', () => {
  const viewers = [viewer(4, { wants: true }), viewer(1, { role: 'writer' }), viewer(3, { wants: true })];
  expect(requestsFor(MEMBER, MINE, viewers).map((asker) => asker.seat)).toEqual([4, 3]);
  expect(requestsFor(ADMIN, BUSY, viewers)).toEqual([]);
  expect(standingOf(MEMBER, MINE, viewers)).toEqual({ is: 'writing' });
});

test.each<[string, Me, Writer, Viewer, boolean]>([
  ['the writer hands to a viewer', MEMBER, MINE, viewer(2), true],
  ['never to who may only watch', MEMBER, MINE, viewer(2, { mayWrite: false }), false],
  ['nor to themselves', MEMBER, MINE, viewer(1, { role: 'writer' }), false],
  ['an admin hands over to who asked', ADMIN, BUSY, viewer(3, { wants: true }), true],
  ['but not to who did not', ADMIN, BUSY, viewer(3), false],
  ['a member hands over nothing of another', MEMBER, BUSY, viewer(3, { wants: true }), false],
])('%s', (_, me, writer, to, may) => expect(mayHandTo(me, writer, to)).toBe(may));

test.each<[string, Writer, Writer, boolean, ReturnType<typeof changeOf>]>([
  ['who goes idle is still the writer', BUSY, IDLE, false, 'none'],
  ['the seat was taken from me', MINE, BUSY, false, 'lost'],
  ['it lapsed', MINE, FREE, false, 'lost'],
  ['I released it', MINE, FREE, true, 'other'],
  ['I handed it over', MINE, BUSY, true, 'other'],
  ['I was given it', BUSY, MINE, false, 'other'],
  ['others passed it on', BUSY, { ...BUSY, seat: 7 }, false, 'other'],
])('%s', (_, before, after, isGivingUp, change) => expect(changeOf(before, after, isGivingUp)).toBe(change));
