/** Owns which texts are shown as they are typed, because to lay them out would keep a browser busy or overflow it. Pure. */

/** Deepest quotes and lists, one in the other: nobody reads deeper ones. */
export const MAX_NESTING = 30;

/** Most cells of all tables; each row has as many as its table is wide, whatever is written in it. */
export const MAX_CELLS = 20_000;

/** Deepest brackets, one in the other. */
export const MAX_BRACKETS = 50;

/** Emphasis is matched each mark with each of its paragraph: the most of such pairs in a text. */
export const MAX_PAIRS = 1_000_000;

const MARKER = /^([ \t]*)(>|[-*+](?=[ \t]|$)|\d{1,9}[.)](?=[ \t]|$))/;
const DELIMITERS = /^[\s>]*\|?\s*:?-+:?\s*(\|\s*:?-*:?\s*)*$/;
/** Marks of emphasis, of which `_` is none within a word, and brackets. */
const MARK = /\*+|(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])|~+|\[|\]/gu;
const FENCE = /^[\s>]*(`{3,}|~{3,})/;

/** Whether a text is one to lay out. Counts more than there is rather than less: each line is looked at by itself. */
export function isReadable(text: string): boolean {
  const lists = new Lists();
  const tables = new Tables();
  const marks = new Marks();
  let fence: string | null = null;
  for (const line of text.split('\n')) {
    if (lists.depthAt(line) > MAX_NESTING) return false;
    const mark = FENCE.exec(line)?.[1];
    if (fence !== null) {
      if (mark?.startsWith(fence)) fence = null;
      continue;
    }
    if (mark !== undefined) fence = mark;
    if (tables.cellsAfter(line) > MAX_CELLS) return false;
    marks.read(line);
    if (marks.pairs > MAX_PAIRS || marks.brackets > MAX_BRACKETS) return false;
  }
  return true;
}

/** How deep a line stands: by what it begins with, and by the items of lists that it is under. */
class Lists {
  private readonly above: number[] = [];

  depthAt(line: string): number {
    let rest = line;
    let column = 0;
    let depth = 0;
    if (rest.trim() === '') return 0;
    const indent = rest.length - rest.trimStart().length;
    while (this.above.length > 0 && (this.above.at(-1) ?? 0) >= indent) this.above.pop();
    const before = this.above.length;
    for (let found = MARKER.exec(rest); found && depth <= MAX_NESTING; found = MARKER.exec(rest)) {
      depth += 1;
      column += (found[1] ?? '').length;
      if (found[2] !== '>') this.above.push(column);
      column += (found[2] ?? '').length;
      rest = rest.slice(found[0].length);
    }
    return before + depth;
  }
}

/** The cells of tables, counted from the line below a head on, to the next empty line. */
class Tables {
  private columns = 0;
  private cells = 0;

  cellsAfter(line: string): number {
    if (line.trim() === '') this.columns = 0;
    else if (DELIMITERS.test(line)) this.columns = Math.max(this.columns, line.split('|').length - 1);
    this.cells += this.columns;
    return this.cells;
  }
}

/** Marks of emphasis and brackets, by paragraphs. */
class Marks {
  pairs = 0;
  brackets = 0;
  private open = 0;
  private count = 0;

  read(line: string): void {
    if (/^\s*([#>|]|[-*+]\s|\d+[.)]\s|$)/.test(line)) {
      this.open = 0;
      this.count = 0;
    }
    for (const [found] of line.matchAll(MARK)) {
      if (found === '[') {
        this.open += 1;
        this.brackets = Math.max(this.brackets, this.open);
      } else if (found === ']') {
        this.open = Math.max(0, this.open - 1);
      } else {
        // Each new one is compared with those before it.
        this.pairs += this.count;
        this.count += 1;
      }
    }
  }
}
