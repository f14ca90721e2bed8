/** Owns reading a difference in the unified form, line by line. Must not know components. */

export type LineKind = 'added' | 'removed' | 'same' | 'skip';

export interface DiffLine {
  kind: LineKind;
  text: string;
}

/** The lines of a difference; what names files is left out, what skips lines is one `skip`. */
export function diffLines(difference: string): DiffLine[] {
  const lines = difference.replace(/\n$/, '').split('\n');
  const found: DiffLine[] = [];
  let isHead = true;
  for (const line of lines) {
    if (line.startsWith('@@')) {
      // Where the first part begins tells nothing to one who reads.
      if (!isHead || startsLater(line)) found.push({ kind: 'skip', text: '' });
      isHead = false;
    } else if (isHead && /^(?:---|\+\+\+) /.test(line)) continue;
    else if (line.startsWith('\\')) continue;
    else {
      isHead = false;
      found.push(lineOf(line));
    }
  }
  return found.length === 1 && found[0]?.text === '' ? [] : found;
}

function startsLater(line: string): boolean {
  return Number(/-(\d+)/.exec(line)?.[1] ?? 0) > 1;
}

function lineOf(line: string): DiffLine {
  const text = line.slice(1);
  if (line.startsWith('+')) return { kind: 'added', text };
  if (line.startsWith('-')) return { kind: 'removed', text };
  return { kind: 'same', text: line.startsWith(' ') ? text : line };
}
