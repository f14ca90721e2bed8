/** Owns reading asciicast v3, and giving it to the player in a time of our choice. Must not know the player. */
import type { Timeline } from './Timeline';

export type CastCode = 'o' | 'i' | 'r' | 'm' | 'x';

export interface CastEvent {
  atMs: number;
  code: CastCode;
  data: string;
}

export interface Marker {
  atMs: number;
  label: string;
}

export interface Cast {
  cols: number;
  rows: number;
  events: CastEvent[];
  markers: Marker[];
  durationMs: number;
}

interface Header {
  version: number;
  term: { cols: number; rows: number };
}

/** The text is no asciicast that we can play; says why. */
export class Unplayable extends Error {}

/** Reads a recording; the last line may be cut off when the text is only the beginning of one. */
export function parseCast(text: string, { isWhole }: { isWhole: boolean }): Cast {
  const lines = text.split('\n');
  if (!isWhole) lines.pop();
  const header = headerOf(lines[0] ?? '');
  const events: CastEvent[] = [];
  let atMs = 0;
  for (const line of lines.slice(1)) {
    // Lines that begin otherwise are comments, or empty.
    if (!line.startsWith('[')) continue;
    const [interval, code, data] = eventOf(line);
    atMs += interval * 1000;
    events.push({ atMs, code, data });
  }
  return {
    cols: header.term.cols,
    rows: header.term.rows,
    events,
    markers: events
      .filter(({ code }) => code === 'm')
      .map(({ atMs: at, data }) => ({ atMs: at, label: data })),
    durationMs: atMs,
  };
}

function headerOf(line: string): Header {
  let header: Partial<Header> | null = null;
  try {
    header = JSON.parse(line) as Partial<Header> | null;
  } catch {
    // told below, as any other text that is no header
  }
  if (header?.version !== 3 || !header.term) throw new Unplayable('it is not in asciicast v3');
  return header as Header;
}

function eventOf(line: string): [number, CastCode, string] {
  try {
    return JSON.parse(line) as [number, CastCode, string];
  } catch {
    throw new Unplayable('a line of it cannot be read');
  }
}

/** The recording as the player takes it, with idle time cut as the timeline says. */
export function playerData(cast: Cast, timeline: Timeline): unknown[] {
  const header = { version: 3, term: { cols: cast.cols, rows: cast.rows } };
  let previous = 0;
  const events = cast.events.map(({ atMs, code, data }) => {
    const shown = timeline.toShown(atMs);
    const interval = (shown - previous) / 1000;
    previous = shown;
    return [interval, code, data];
  });
  return [header, ...events];
}
