/** Owns where a page goes that is dropped onto another, and which item a key leads to. Must not know components. */
import type { PageMove } from '../../api/knowledge';

export type Zone = 'before' | 'inside' | 'after';

// The outer quarters of a row are between rows.
const EDGE = 0.25;

/** The part of a row that a pointer is over. */
export function zoneOf(offset: number, height: number): Zone {
  if (offset < height * EDGE) return 'before';
  return offset > height * (1 - EDGE) ? 'after' : 'inside';
}

interface Placed {
  id: string;
  parentId?: string | null;
}

/** The move that a drop is; `null` when the page would stay where it is. */
export function moveOf(
  dragged: Placed,
  target: Placed,
  zone: Zone,
  siblings: readonly Placed[],
): PageMove | null {
  if (dragged.id === target.id) return null;
  if (zone === 'inside') return { parentId: target.id };
  const parentId = target.parentId ?? null;
  const others = siblings.filter(({ id }) => id !== dragged.id);
  const at = others.findIndex(({ id }) => id === target.id);
  const before = zone === 'before' ? target : others[at + 1];
  const now = siblings.findIndex(({ id }) => id === dragged.id);
  const isSame = now >= 0 && siblings[now + 1]?.id === before?.id;
  if (isSame) return null;
  return before ? { parentId, before: before.id } : { parentId };
}

/** An item of the tree as it is shown. */
export interface Shown {
  id: string;
  level: number;
  isOpen: boolean | null;
}

export type Step = { kind: 'go'; id: string } | { kind: 'fold' | 'unfold'; id: string } | null;

/** What an arrow key does; items that can be unfolded have `isOpen` true or false. */
export function stepOf(key: string, items: readonly Shown[], active: string | null): Step {
  const at = Math.max(
    0,
    items.findIndex(({ id }) => id === active),
  );
  const item = items[at];
  if (!item) return null;
  const go = (to: Shown | undefined): Step => (to ? { kind: 'go', id: to.id } : null);
  switch (key) {
    case 'ArrowDown':
      return active === null ? go(item) : go(items[at + 1]);
    case 'ArrowUp':
      return go(items[at - 1]);
    case 'Home':
      return go(items[0]);
    case 'End':
      return go(items.at(-1));
    case 'ArrowRight': {
      if (item.isOpen === false) return { kind: 'unfold', id: item.id };
      const next = items[at + 1];
      return next && next.level > item.level ? go(next) : null;
    }
    case 'ArrowLeft':
      if (item.isOpen) return { kind: 'fold', id: item.id };
      return go(items.slice(0, at).findLast(({ level }) => level < item.level));
    default:
      return null;
  }
}
