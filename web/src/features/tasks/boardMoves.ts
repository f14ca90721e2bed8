/** Owns where a key leads on the board, and where it takes a task. Must not know components. */
import type { TaskStatus } from '../../api/knowledge';

export interface Column {
  status: TaskStatus;
  ids: string[];
}

/** Where a task goes: its column, and before which task; at the end without one. */
export interface Place {
  status: TaskStatus;
  before?: string;
}

const SIDE: Partial<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

interface At {
  column: number;
  row: number;
}

function find(columns: readonly Column[], id: string): At | null {
  for (const [column, { ids }] of columns.entries()) {
    const row = ids.indexOf(id);
    if (row >= 0) return { column, row };
  }
  return null;
}

/** The task that an arrow key leads to; columns without tasks are passed over. */
export function focusOf(key: string, columns: readonly Column[], id: string): string | null {
  const at = find(columns, id);
  if (!at) return null;
  const ids = columns[at.column]?.ids ?? [];
  if (key === 'ArrowDown') return ids[at.row + 1] ?? null;
  if (key === 'ArrowUp') return ids[at.row - 1] ?? null;
  if (key === 'Home') return ids[0] ?? null;
  if (key === 'End') return ids.at(-1) ?? null;
  const side = SIDE[key];
  if (!side) return null;
  for (let column = at.column + side; column >= 0 && column < columns.length; column += side) {
    const others = columns[column]?.ids ?? [];
    if (others.length > 0) return others[Math.min(at.row, others.length - 1)] ?? null;
  }
  return null;
}

/** Where Shift with an arrow key takes a task; `null` where there is nothing further. */
export function placeOf(key: string, columns: readonly Column[], id: string): Place | null {
  const at = find(columns, id);
  const column = at && columns[at.column];
  if (!at || !column) return null;
  const { status, ids } = column;
  if (key === 'ArrowUp') return at.row > 0 ? { status, before: ids[at.row - 1] } : null;
  if (key === 'ArrowDown') return at.row < ids.length - 1 ? withBefore(status, ids[at.row + 2]) : null;
  const side = SIDE[key];
  const next = side ? columns[at.column + side] : undefined;
  return next ? withBefore(next.status, next.ids[0]) : null;
}

/** Where a task goes that is dropped onto another, or onto the rest of a column. */
export function dropPlace(
  status: TaskStatus,
  ids: readonly string[],
  id: string,
  onto: string | null,
): Place | null {
  if (onto === id) return null;
  if (onto !== null) return { status, before: onto };
  return ids.at(-1) === id ? null : { status };
}

function withBefore(status: TaskStatus, before: string | undefined): Place {
  return before ? { status, before } : { status };
}

/** The tasks of a column after one of them, or a new one, was put somewhere. */
export function inserted<Item extends { id: string }>(
  items: readonly Item[],
  item: Item,
  before: string | undefined,
): Item[] {
  const others = items.filter(({ id }) => id !== item.id);
  const at = before ? others.findIndex(({ id }) => id === before) : -1;
  return at < 0 ? [...others, item] : others.toSpliced(at, 0, item);
}
