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

/** One input as it came: a keystroke, mostly. */
export interface Input {
  atMs: number;
  who: { id: string; name: string } | null;
  /** `null` when the workspace records only that something was typed. */
  text: string | null;
  bytes: number;
}

export interface Cast {
  cols: number;
  rows: number;
  events: CastEvent[];
  markers: Marker[];
  inputs: Input[];
  durationMs: number;
}

/** What stands in the comment before an input; players that know nothing of it skip it. */
interface Typist {
  typed: { id: string; name: string } | null;
  /** Of an input that is not recorded itself. */
  bytes?: number | null;
  /** Seconds since the last event, for the same. */
  after?: number;
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
  const inputs: Input[] = [];
  let typist: Typist | null = null;
  let atMs = 0;
  for (const line of lines.slice(1)) {
    if (line.startsWith('#')) {
      typist = typistOf(line);
      if (typist?.bytes) inputs.push(hiddenInput(typist, typist.bytes, atMs));
    }
    if (!line.startsWith('[')) continue;
    const [interval, code, data] = eventOf(line);
    atMs += interval * 1000;
    events.push({ atMs, code, data });
    if (code !== 'i') continue;
    inputs.push({ atMs, who: typist?.typed ?? null, text: data, bytes: encoder.encode(data).length });
    typist = null;
  }
  return {
    inputs,
    cols: header.term.cols,
    rows: header.term.rows,
    events,
    markers: events
      .filter(({ code }) => code === 'm')
      .map(({ atMs: at, data }) => ({ atMs: at, label: data })),
    durationMs: atMs,
  };
}

const encoder = new TextEncoder();

function hiddenInput({ typed, after = 0 }: Typist, bytes: number, lastMs: number): Input {
  return { atMs: lastMs + after * 1000, who: typed, text: null, bytes };
}

/** Who typed, from a comment of ours; others mean nothing to us. */
function typistOf(comment: string): Typist | null {
  if (!comment.startsWith('# {')) return null;
  try {
    const said = JSON.parse(comment.slice(2)) as Partial<Typist>;
    return said.typed === undefined ? null : (said as Typist);
  } catch {
    return null;
  }
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
