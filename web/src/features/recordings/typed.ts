/** Owns how recorded input is read by people: grouped by who and when, keys in words. Must not know components. */
import type { Input } from './cast';

// A pause after which typing on counts as something new.
const PAUSE_MS = 3_000;
// Longest text of one group; a paste goes on in the next.
const MAX_TEXT = 2_000;

/** Joins keystrokes to what a person would call one input: to Enter, to a pause, or to somebody else. */
export function groupTyped(inputs: readonly Input[]): Input[] {
  const groups: Input[] = [];
  let lastAt = -Infinity;
  for (const input of inputs) {
    if (input.bytes === 0) continue;
    const open = groups.at(-1);
    if (open && input.atMs - lastAt <= PAUSE_MS && continues(open, input)) {
      open.bytes += input.bytes;
      if (open.text !== null && input.text !== null) open.text += input.text;
    } else {
      groups.push({ ...input });
    }
    lastAt = input.atMs;
  }
  return groups;
}

function continues(open: Input, { who, text }: Input): boolean {
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
