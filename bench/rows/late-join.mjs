/**
 * Late join: does who comes late see what who was there from the start sees, cell for cell?
 *
 * Owns the scenarios and the comparison, by xterm.js without a browser. Must not know products.
 */
import { SIZE } from '../corpus.mjs';
import { need } from '../packages.mjs';
import { pause, until } from '../processes.mjs';

const { Terminal } = need('@xterm/headless');
const { Unicode11Addon } = need('@xterm/addon-unicode11');

/** A stream is over when nothing came for so long, in milliseconds. */
const QUIET = 700;

const LIMIT = 60_000;

/** Programs, and the keys that are typed into them. */
const SCENARIOS = {
  short: [],
  small: [],
  updates: [],
  vim: [':set hlsearch\r', '/token\r', '40G', 'ifoo 日本語 ✅ bar\x1b', 'v3j', '\x06'],
  less: ['\x20', '\x20', '/ERROR\r', 'n'],
};

export async function measure({ client }) {
  const scenarios = {};
  for (const [name, keys] of Object.entries(SCENARIOS)) {
    scenarios[name] = await scenario(client, name, keys).catch((error) => ({
      right: false,
      why: error.message,
    }));
  }
  const all = Object.values(scenarios);
  return { right: all.filter(({ right }) => right).length, of: all.length, scenarios };
}

async function scenario(client, name, keys) {
  const session = await client.open(name);
  const first = new Watcher(await session.view());
  await first.viewer.ready;
  for (const key of ['\r', ...keys]) {
    first.viewer.write(key);
    await first.still();
  }
  await client.warm();
  const begin = performance.now();
  const late = new Watcher(await session.view());
  await late.still();
  const difference = compare(first.terminal, late.terminal);
  const modes = unlike(first.terminal.modes, late.terminal.modes);
  const lines = late.terminal.buffer.normal.length - SIZE.rows;
  first.viewer.close();
  late.viewer.close();
  return {
    right: difference === null,
    why: difference,
    modes,
    bytes: late.bytes,
    scrollback: lines,
    firstByteMs: late.viewer.firstAt - begin,
  };
}

/** A viewer whose output goes to an emulator. */
class Watcher {
  constructor(viewer) {
    this.viewer = viewer;
    this.bytes = 0;
    this.terminal = new Terminal({ ...SIZE, scrollback: 1000, allowProposedApi: true, logLevel: 'off' });
    this.terminal.loadAddon(new Unicode11Addon());
    this.terminal.unicode.activeVersion = '11';
    this.writing = 0;
    viewer.hear = (chunk) => this.#take(chunk);
    for (const chunk of viewer.missed()) this.#take(chunk);
  }

  #take(chunk) {
    this.bytes += Buffer.byteLength(chunk);
    this.writing += 1;
    this.terminal.write(chunk, () => (this.writing -= 1));
  }

  /** Waits until something came, all of it is shown, and nothing more comes. */
  async still() {
    await until('output', LIMIT, () => this.bytes > 0);
    await pause(QUIET);
    const quiet = () => this.writing === 0 && performance.now() - this.viewer.last > QUIET;
    await until('a screen that stands still', LIMIT, quiet);
  }
}

const ATTRIBUTES = (
  'getChars getWidth getFgColorMode getFgColor getBgColorMode getBgColor isBold isItalic isDim isUnderline ' +
  'isBlink isInverse isInvisible isStrikethrough'
).split(' ');

/** The first difference between two screens, in words; null when there is none. */
function compare(truth, seen) {
  const [a, b] = [truth.buffer.active, seen.buffer.active];
  if (a.type !== b.type) return `shows the ${b.type} screen instead of the ${a.type} one`;
  for (let row = 0; row < SIZE.rows; row++) {
    const [left, right] = [a.getLine(a.baseY + row), b.getLine(b.baseY + row)];
    for (let col = 0; col < SIZE.cols; col++) {
      const [want, got] = [left?.getCell(col), right?.getCell(col)];
      const wrong = ATTRIBUTES.find((name) => value(want, name) !== value(got, name));
      if (wrong) {
        return `row ${row + 1} column ${col + 1}: ${wrong} is ${value(got, wrong)}, not ${value(want, wrong)}`;
      }
    }
  }
  const at = (buffer) => `${buffer.cursorY + 1},${buffer.cursorX + 1}`;
  return at(a) === at(b) ? null : `the cursor is at ${at(b)}, not ${at(a)}`;
}

/** An empty cell and a blank one look the same. */
function value(cell, name) {
  const found = cell?.[name]();
  return name === 'getChars' && !found ? ' ' : found;
}

/** Names of the modes that differ. */
function unlike(a, b) {
  return Object.keys(a).filter((name) => a[name] !== b[name]);
}
