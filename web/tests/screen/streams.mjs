/**
 * Random terminal output, made of what real programs send.
 *
 * Owns the grammar. Must not know what is done with the streams.
 */

/** A generator of numbers that gives the same ones for the same seed. */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end) => Math.floor(next() * end);
  const pick = (list) => list[below(list.length)];
  return { below, pick };
}

const WORDS = [
  'a',
  'hello ',
  'wörld',
  ' ',
  '   ',
  '日本語',
  '👍',
  '─│┌',
  '█▌',
  'ｱ',
  '한국어',
  '🇨🇭',
  '👩‍🚀',
  'e\u0301',
  '\u0301',
  '\u200d',
  '\ufe0f',
  '①',
  '·',
  '☃️',
  '\u00ad',
  '0123456789',
  'the quick brown fox ',
];

/** What restores a saved cursor: a link or an underline that is open then is hidden by
 * xterm.js until SGR shows it again, so there is none. */
const RESTORES = new Set(['8', '[u', '[?1048l', '[?1049l']);

const SEQUENCES = [
  '7', '8', 'D', 'E', 'M', 'H', 'c', '=', '>', 'n', 'o', '~', '#8', '(0', '(B', ')0', '*A', '%G',
  '[s', '[u', '[2J', '[J', '[K', '[1K', '[2K', '[?J', '[?1K', '[H', '[r', '[!p', '[3g', '[g',
  '[?6h', '[?6l', '[4h', '[4l', '[20h', '[20l', '[?45h', '[?45l', '[?12h', '[?12l',
  '[?1049h', '[?1049l', '[?1049h', '[?1049l', '[?47h', '[?47l', '[?1047h', '[?1047l', '[?1048h', '[?1048l',
  '[?25l', '[?25h', '[?2026h', '[?2026l', '[?1000h', '[?1002h', '[?1003h', '[?1000l', '[?1006h', '[?1006l',
  '[?2004h', '[?2004l', '[?1004h', '[?1h', '[?1l', '[?66h', '[1"q', '[0"q', '[2 q', '[5 q', '[ q',
  ']0;both\x07', ']2;title\x1b\\', ']2;\x07', '[22t', '[23t', '[22;2t', '[23;0t',
  ']8;;http://a.test/x;y\x07', ']8;id=q;http://b.test/\x1b\\', ']8;;\x1b\\',
  ']4;5;#123456\x07', ']4;200;rgb:1/2/3\x1b\\', ']104\x07', ']104;5\x07', ']10;#fff\x07', ']11;rgb:00/11/22\x07', ']110\x07', ']112\x07',
  '[>1u', '[>5u', '[<u', '[=3;2u', 'P$qm\x1b\\', 'Pq~~\x1b\\', '_Gx\x1b\\', '[6n', '[c', ']10;?\x07',
].map((text) => (RESTORES.has(text) ? `\x1b]8;;\x1b\\\x1b[m\x1b${text}` : `\x1b${text}`)); // prettier-ignore

const ATTRIBUTES = [0, 0, 0, 1, 2, 3, 4, 5, 7, 8, 9, 21, 22, 23, 24, 25, 27, 28, 29, 39, 49, 53, 55, 59, 31, 34, 42, 47, 93, 105, '38;5;200', '48;5;17', '38;2;1;2;3', '48;2;200;100;0', '4:3', '4:0', '58:2::9:8:7', '58:5:42', '38:5:77', '48:2:5:6:7']; // prettier-ignore

/** One piece of a stream. */
function piece({ below, pick }, { cols, rows }) {
  const row = 1 + below(rows + 1);
  const col = 1 + below(cols + 1);
  const count = below(5) ? below(4) : below(30);
  switch (below(16)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return Array.from({ length: 1 + below(6) }, () => pick(WORDS)).join('');
    case 4:
      return '='.repeat(below(2 * cols + 2));
    case 5:
    case 6:
      return pick(['\r\n', '\r\n', '\r', '\n', '\t', '\b', '\x0e', '\x0f', '\x07', '\r\n\n\n']);
    case 7:
      return `\x1b[${row};${col}${pick(['H', 'f'])}`;
    case 8:
      return `\x1b[${count}${pick([...'ABCDEFGIZ`ade'])}`;
    case 9:
      return `\x1b[${count}${pick([...'@PXLMST'])}`;
    case 10:
      // In the last column of the last row, ED 1 is more than xterm.js can take.
      return `\x1b[${pick(['K', '1K', '2K', 'J', '5G\x1b[1J'])}`;
    case 11:
    case 12:
      return `\x1b[${Array.from({ length: 1 + below(3) }, () => pick(ATTRIBUTES)).join(';')}m`;
    case 13:
      return below(3) ? `\x1b[${row};${row + 1 + below(rows)}r` : `${pick(WORDS)}\x1b[${count}b`;
    case 14:
      return `\x1b[${count}${pick([' @', ' A', "'}", "'~"])}`;
    default:
      return pick(SEQUENCES);
  }
}

/** A stream for a terminal of a size. */
export function stream(generator, size, pieces) {
  const count = 1 + generator.below(pieces);
  return Buffer.from(Array.from({ length: count }, () => piece(generator, size)).join(''));
}
