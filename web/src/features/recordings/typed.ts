/** Owns how recorded input is read by people: grouped by who and when, keys in words. Must not know components. */
import type { LogEntry } from '../../api/upcoming';

/** What somebody typed without a longer pause. */
export interface Typed {
  atMs: number;
  who: { id: string; name: string } | null;
  /** `null` when the policy left out what was typed. */
  text: string | null;
  bytes: number;
}

// A pause after which typing on counts as something new.
const PAUSE_MS = 3_000;
// Longest text of one group; a paste goes on in the next.
const MAX_TEXT = 2_000;

/** Joins keystrokes to what a person would call one input: to Enter, to a pause, or to somebody else. */
export function groupTyped(entries: readonly LogEntry[]): Typed[] {
  const groups: Typed[] = [];
  let lastAt = -Infinity;
  for (const entry of entries) {
    const text = entry.text ?? null;
    const bytes = entry.bytes ?? (text === null ? 0 : new TextEncoder().encode(text).length);
    if (bytes === 0) continue;
    const open = groups.at(-1);
    const who = entry.user ?? null;
    if (open && entry.atMs - lastAt <= PAUSE_MS && continues(open, who, text)) {
      open.bytes += bytes;
      if (open.text !== null && text !== null) open.text += text;
    } else {
      groups.push({ atMs: entry.atMs, who, text, bytes });
    }
    lastAt = entry.atMs;
  }
  return groups;
}

function continues(open: Typed, who: Typed['who'], text: string | null): boolean {
  if (open.who?.id !== who?.id || (open.text === null) !== (text === null)) return false;
  if (open.text === null) return true;
  return !/[\r\n]$/.test(open.text) && open.text.length < MAX_TEXT;
}

const KEYS: readonly [RegExp, string][] = [
  [/^\x1b\[20[01]~/, ''], // bracketed paste: what stands between is text like any other
  [/^\x1b(?:\[|O)(?:1;[0-9])?([ABCDHF])/, 'arrow'],
  [/^\x1b\[Z/, '⇧⇥'],
  [/^\x1b\[2~/, '[Ins]'],
  [/^\x1b\[3~/, '[Del]'],
  [/^\x1b\[5~/, '[PgUp]'],
  [/^\x1b\[6~/, '[PgDn]'],
  [/^\x1b\[(?:M[\s\S]{3}|<[\d;]+[Mm])/, '[mouse]'],
  [/^\x1b\[[IO]/, ''], // focus reports
  [/^\x1b(?:\[[\d;?]*[ -/]*[@-~]|O[@-~])/, '[key]'],
];
const ARROWS: Record<string, string> = { A: '↑', B: '↓', C: '→', D: '←', H: '[Home]', F: '[End]' };
const NAMED: Record<string, string> = {
  '\r': '⏎',
  '\n': '⏎',
  '\t': '⇥',
  '\x7f': '⌫',
  '\b': '⌫',
  '\x1b': '[Esc]',
};

/** The text with its keys in signs: `ls⏎`, `^C`, `↑`. */
export function readable(text: string): string {
  let read = '';
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at, at + 40);
    const [length, sign] = text[at] === '\x1b' ? keyAt(rest) : [1, signOf(text[at] ?? '')];
    read += sign;
    at += length;
  }
  return read;
}

function keyAt(rest: string): [length: number, sign: string] {
  for (const [pattern, sign] of KEYS) {
    const found = pattern.exec(rest);
    if (found) return [found[0].length, sign === 'arrow' ? (ARROWS[found[1] ?? ''] ?? '') : sign];
  }
  return [1, NAMED['\x1b'] ?? ''];
}

function signOf(char: string): string {
  const named = NAMED[char];
  if (named) return named;
  const code = char.charCodeAt(0);
  return code < 0x20 ? `^${String.fromCharCode(code + 0x40)}` : char;
}
