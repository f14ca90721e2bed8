/** Owns how large the emulator is: fitted by the writer, given by the server to viewers. Must not know the wire. */
import type { Emulator } from './emulator';

// The sizes that the server takes.
const COLS = { min: 2, max: 1000 };
const ROWS = { min: 1, max: 500 };
// Smallest font a viewer's screen is scaled down to; below it one scrolls.
const MIN_SCALED_FONT = 7;

export interface Size {
  cols: number;
  rows: number;
}

/** The size that fills the container, or `null` while it has no size to fill. */
export function fittingSize({ fit }: Emulator): Size | null {
  const proposed = fit.proposeDimensions();
  if (!proposed || !Number.isFinite(proposed.cols) || !Number.isFinite(proposed.rows)) return null;
  if (proposed.cols < COLS.min || proposed.rows < ROWS.min) return null;
  return { cols: Math.min(COLS.max, proposed.cols), rows: Math.min(ROWS.max, proposed.rows) };
}

export function isSameSize(a: Size, b: Size): boolean {
  return a.cols === b.cols && a.rows === b.rows;
}

/** The font size at which a screen of this size is seen whole, at most the one that was chosen. */
export function scaledFont(emulator: Emulator, size: Size, chosen: number): number {
  const current = emulator.terminal.options.fontSize ?? chosen;
  const room = fittingSize(emulator);
  if (!room) return chosen;
  const factor = Math.min(room.cols / size.cols, room.rows / size.rows);
  return Math.max(MIN_SCALED_FONT, Math.min(chosen, Math.floor(current * factor)));
}
