/** Owns which lines of a screen are shown small. Must not know where they come from. */

/** The last lines with something on them; the blank rest of a screen says nothing. */
export function lastLines(lines: readonly string[], count: number): string[] {
  const end = lines.findLastIndex((line) => line.trim() !== '') + 1;
  return lines.slice(Math.max(0, end - count), end).map((line) => line.trimEnd());
}

/** The reason that an error starts with, and the last lines of the screen that may follow it. */
export function splitError(error: string): { reason: string; lines: string[] } {
  const [reason = '', ...lines] = error.split('\n');
  return { reason, lines: lines.slice(lines.findIndex((line) => line.trim() !== '')) };
}
