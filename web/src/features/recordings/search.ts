/** Owns which lines of a transcript a search finds. Must not know components. */

/** Lines that contain the term, whatever its case; all of them for an empty one. */
export function matching<Line extends { text: string }>(lines: readonly Line[], term: string): Line[] {
  const wanted = term.trim().toLowerCase();
  return wanted === '' ? [...lines] : lines.filter((line) => line.text.toLowerCase().includes(wanted));
}
