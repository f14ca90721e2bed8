/**
 * What the measured programs print: realistic output of terminal programs, the same bytes at every run.
 *
 * Owns the generator and the files. Must not know who prints them. No query to the terminal is in it, so
 * that every product shows every byte.
 */
import { mkdirSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The size of every measured terminal. */
export const SIZE = { cols: 120, rows: 40 };

const MIB = 1024 * 1024;
const ESC = '\x1b';
const CSI = `${ESC}[`;
const WORDS = (
  'agent session runtime terminal request response connect cache index query build test compile link resolve ' +
  'module package parse render commit branch merge review token stream buffer offset window retry timeout worker'
).split(' ');
const WIDE = ['日本語の行', '中文字符', '한국어 텍스트', '端末エミュレータ', '検証中', '完了しました'];
const EMOJI = ['🚀', '✅', '❌', '🔥', '📦', '⚡', '🧪', '👩‍💻', '🇪🇺', '✨'];
const SPINNER = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const LEVELS = [
  [32, 'INFO '],
  [33, 'WARN '],
  [31, 'ERROR'],
  [90, 'DEBUG'],
];

/** Numbers that look random and are the same at every run (mulberry32). */
function numbers(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    of: (list) => list[Math.floor(next() * list.length)],
  };
}

const at = (row, col) => `${CSI}${row};${col}H`;
const words = (dice, count) => Array.from({ length: count }, () => dice.of(WORDS)).join(' ');

function logLine(dice, time) {
  const [color, level] = dice.of(LEVELS);
  const clock = new Date(1.7e12 + time * 37).toISOString();
  const where = `${dice.of(WORDS)}::${dice.of(WORDS)}`;
  return (
    `${CSI}2m${clock}${CSI}0m ${CSI}${color}m${level}${CSI}0m ${CSI}1m${where}${CSI}0m: ${words(dice, 4 + dice.below(8))} ` +
    `${CSI}36mid${CSI}0m=${dice.below(1e6)} ${CSI}36mms${CSI}0m=${dice.below(500)}\n`
  );
}

function wideLine(dice) {
  return `${dice.of(EMOJI)} ${dice.of(WIDE)} ${CSI}38;5;${16 + dice.below(216)}m${dice.of(WIDE)}${CSI}39m ${words(dice, 3)} ${dice.of(EMOJI)}\n`;
}

function spinner(dice) {
  const step = (frame) =>
    `\r${CSI}K${CSI}38;2;${dice.below(256)};180;90m${SPINNER[frame % SPINNER.length]}${CSI}39m ${words(dice, 2)} ${frame}%`;
  return Array.from({ length: 40 }, (_, frame) => step(frame)).join('') + `\r${CSI}K✔ ${words(dice, 3)}\n`;
}

/** A box that a program redraws in place, as one frame. */
function box(dice, top, left, width, height) {
  let text = `${CSI}?2026h${CSI}?25l${at(top, left)}${CSI}3${1 + dice.below(7)}m╭${'─'.repeat(width - 2)}╮`;
  for (let row = 1; row < height - 1; row++) {
    const inside = words(dice, 12)
      .slice(0, width - 4)
      .padEnd(width - 4);
    text += `${at(top + row, left)}│ ${CSI}39m${inside}${CSI}3${1 + dice.below(7)}m │`;
  }
  const done = dice.below(width - 4);
  text += `${at(top + height - 1, left)}╰${'━'.repeat(done)}${'─'.repeat(width - 2 - done)}╯`;
  return `${text}${CSI}0m${CSI}?25h${CSI}?2026l`;
}

function boxes(dice) {
  const draw = () =>
    box(dice, 1 + dice.below(25), 1 + dice.below(60), 30 + dice.below(28), 4 + dice.below(10));
  return `${ESC}7${Array.from({ length: 12 }, draw).join('')}${ESC}8${at(SIZE.rows, 1)}\n`;
}

/** A full screen, row by row. */
function paint(dice) {
  let text = at(1, 1) + `${CSI}2J`;
  for (let row = 1; row <= SIZE.rows; row++) {
    const cells = row % 7 === 0 ? `${dice.of(WIDE)} ${dice.of(EMOJI)} ${words(dice, 8)}` : words(dice, 16);
    text += `${at(row, 1)}${CSI}48;5;${16 + dice.below(216)}m${CSI}38;5;${232 + dice.below(24)}m${cells.slice(0, 100)}${CSI}0m${CSI}K`;
  }
  return text;
}

function alternate(dice) {
  const frames = Array.from({ length: 4 }, () => `${CSI}?2026h${paint(dice)}${CSI}?2026l`);
  return `${CSI}?1049h${frames.join('')}${CSI}?1049l`;
}

/** At least so many bytes of everything, in turns as sessions of agents have them. */
function live(bytes, seed) {
  const dice = numbers(seed);
  const parts = [];
  for (let length = 0, time = 0; length < bytes; time++) {
    const kind = dice.below(20);
    const logs = () => Array.from({ length: 12 }, (_, line) => logLine(dice, time * 12 + line)).join('');
    const part =
      kind < 9
        ? logs()
        : kind < 12
          ? boxes(dice)
          : kind < 14
            ? alternate(dice)
            : kind < 17
              ? spinner(dice)
              : wideLine(dice).repeat(4);
    parts.push(part);
    length += Buffer.byteLength(part);
  }
  return parts.join('');
}

/** A dashboard on the alternate screen, then changes of a few cells each until told to stop. */
function dashboard(seed, enough) {
  const dice = numbers(seed);
  let text = `${CSI}?1049h${CSI}?1h${CSI}?2004h${CSI}?1002h${CSI}?1006h${paint(dice)}`;
  for (let top = 2; top < 36; top += 11) text += box(dice, top, 5, 50, 9) + box(dice, top, 62, 50, 9);
  const parts = [text];
  for (let count = 0, length = text.length; !enough(count, length); count++) {
    const update = `${at(1 + dice.below(SIZE.rows), 1 + dice.below(SIZE.cols - 14))}${CSI}${dice.of([0, 1, 4, 7])};3${dice.below(8)}m${dice.below(20) ? dice.of(WORDS).slice(0, 9) : dice.of(WIDE)}${CSI}0m`;
    parts.push(update);
    length += update.length;
  }
  return parts.join('') + at(20, 33);
}

function log(bytes) {
  const dice = numbers(5);
  const lines = [];
  for (let length = 0; length < bytes;) {
    const line = logLine(dice, lines.length);
    lines.push(line);
    length += line.length;
  }
  return lines.join('');
}

function source() {
  const dice = numbers(6);
  const body = (n) =>
    `static int ${dice.of(WORDS)}_${n}(int a, char *b) {\n\treturn a + ${n}; /* ${words(dice, 5)} */\n}\n`;
  return Array.from({ length: 300 }, (_, n) => body(n)).join('\n');
}

/** Writes every file that is not there; sizes in MiB. Answers the folder. */
export function prepare(folder, sizes) {
  mkdirSync(folder, { recursive: true });
  const files = {
    'short.bin': () =>
      `$ tool\n${logLine(numbers(1), 1)}${boxes(numbers(2))}${CSI}?2004h? continue ${CSI}1m[Y/n]${CSI}0m `,
    'small.bin': () => dashboard(3, (count) => count >= 3000),
    'updates.bin': () => dashboard(4, (_, length) => length >= 4 * MIB),
    'log.bin': () => log(20 * MIB),
    'source.c': source,
  };
  for (const size of sizes) files[`live-${size}.bin`] = () => live(size * MIB, 7);
  for (const [name, make] of Object.entries(files)) {
    const path = join(folder, name);
    if (!existsSync(path)) writeFileSync(path, make());
  }
  return folder;
}
