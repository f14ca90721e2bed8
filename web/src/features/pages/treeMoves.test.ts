/** Owns the proof that a page goes where it is dropped, and a key where it points. */
import { describe, expect, it } from 'vitest';

import { moveOf, stepOf, zoneOf, type Shown } from './treeMoves';

describe('zoneOf', () => {
  it.each([
    [0, 'before'],
    [6, 'before'],
    [14, 'inside'],
    [23, 'after'],
    [28, 'after'],
  ])('%d of 28', (offset, zone) => {
    expect(zoneOf(offset, 28)).toBe(zone);
  });
});

describe('moveOf', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((id) => ({ id, parentId: null }));
  const x = { id: 'x', parentId: 'b' };
  const all = [a!, b!, c!];

  it.each([
    ['onto itself', a!, a!, 'inside', null],
    ['into another', a!, b!, 'inside', { parentId: 'b' }],
    ['before another', c!, a!, 'before', { parentId: null, before: 'a' }],
    ['after another', a!, b!, 'after', { parentId: null, before: 'c' }],
    ['to the end', a!, c!, 'after', { parentId: null }],
    ['where it is, from above', a!, b!, 'before', null],
    ['where it is, from below', b!, a!, 'after', null],
    ['where it is, at the end', c!, b!, 'after', null],
    ['out of another', x, b!, 'after', { parentId: null, before: 'c' }],
  ] as const)('%s', (_, dragged, target, zone, move) => {
    expect(moveOf(dragged, target, zone, all)).toEqual(move);
  });
});

describe('stepOf', () => {
  const items: Shown[] = [
    { id: 'a', level: 1, isOpen: true },
    { id: 'a1', level: 2, isOpen: null },
    { id: 'b', level: 1, isOpen: false },
  ];
  it.each([
    ['ArrowDown', null, { kind: 'go', id: 'a' }],
    ['ArrowDown', 'a', { kind: 'go', id: 'a1' }],
    ['ArrowDown', 'b', null],
    ['ArrowUp', 'b', { kind: 'go', id: 'a1' }],
    ['ArrowUp', 'a', null],
    ['Home', 'b', { kind: 'go', id: 'a' }],
    ['End', 'a', { kind: 'go', id: 'b' }],
    ['ArrowRight', 'b', { kind: 'unfold', id: 'b' }],
    ['ArrowRight', 'a', { kind: 'go', id: 'a1' }],
    ['ArrowRight', 'a1', null],
    ['ArrowLeft', 'a1', { kind: 'go', id: 'a' }],
    ['ArrowLeft', 'a', { kind: 'fold', id: 'a' }],
    ['ArrowLeft', 'b', null],
    ['x', 'a', null],
  ])('%s at %s', (key, active, step) => {
    expect(stepOf(key, items, active)).toEqual(step);
  });

  it('has nowhere to go in an empty tree', () => {
    expect(stepOf('ArrowDown', [], null)).toBeNull();
  });
});
