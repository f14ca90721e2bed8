/** Owns the proof that keys and drops take a task where they point. */
import { describe, expect, it } from 'vitest';

import { dropPlace, focusOf, inserted, placeOf, type Column } from './boardMoves';

const columns: Column[] = [
  { status: 'todo', ids: ['a', 'b', 'c'] },
  { status: 'in_progress', ids: [] },
  { status: 'done', ids: ['x'] },
];

describe('focusOf', () => {
  it.each([
    ['ArrowDown', 'a', 'b'],
    ['ArrowDown', 'c', null],
    ['ArrowUp', 'b', 'a'],
    ['ArrowUp', 'a', null],
    ['ArrowRight', 'c', 'x'],
    ['ArrowLeft', 'x', 'a'],
    ['ArrowRight', 'x', null],
    ['Home', 'c', 'a'],
    ['End', 'a', 'c'],
    ['Enter', 'a', null],
    ['ArrowDown', 'unknown', null],
  ])('%s at %s', (key, id, to) => {
    expect(focusOf(key, columns, id)).toBe(to);
  });
});

describe('placeOf', () => {
  it.each([
    ['ArrowUp', 'b', { status: 'todo', before: 'a' }],
    ['ArrowUp', 'a', null],
    ['ArrowDown', 'a', { status: 'todo', before: 'c' }],
    ['ArrowDown', 'b', { status: 'todo' }],
    ['ArrowDown', 'c', null],
    ['ArrowRight', 'a', { status: 'in_progress' }],
    ['ArrowLeft', 'x', { status: 'in_progress' }],
    ['ArrowLeft', 'a', null],
    ['ArrowRight', 'x', null],
  ])('%s at %s', (key, id, place) => {
    expect(placeOf(key, columns, id)).toEqual(place);
  });
});

describe('dropPlace', () => {
  it.each([
    ['onto itself', 'a', 'a', null],
    ['onto another', 'c', 'a', { status: 'todo', before: 'a' }],
    ['onto the rest of its column', 'a', null, { status: 'todo' }],
    ['onto the rest, and it is the last', 'c', null, null],
  ])('%s', (_, id, onto, place) => {
    expect(dropPlace('todo', ['a', 'b', 'c'], id, onto)).toEqual(place);
  });
});

it('puts one before another or at the end, once', () => {
  const items = ['a', 'b', 'c'].map((id) => ({ id }));
  const ids = (found: { id: string }[]) => found.map(({ id }) => id).join('');
  expect(ids(inserted(items, { id: 'c' }, 'a'))).toBe('cab');
  expect(ids(inserted(items, { id: 'a' }, undefined))).toBe('bca');
  expect(ids(inserted(items, { id: 'd' }, 'b'))).toBe('adbc');
  expect(ids(inserted(items, { id: 'd' }, 'gone'))).toBe('abcd');
});
