/**
 * A real xterm.js without a screen, and everything it keeps, in a form that can be compared.
 *
 * Owns what "the same terminal" means. Must not know where the bytes come from.
 */
import headless from '@xterm/headless';
import unicode11 from '@xterm/addon-unicode11';

/** Lines that a host's repaint can scroll back to. */
const REPAINTED = 1000;

/** Lines that a terminal of the web UI keeps. */
const SCROLLBACK = 10_000;

/** Bits of a cell's words, as xterm.js lays them out. */
const CONTENT = { codePoint: 0x1fffff, combined: 0x200000, width: 22 };
const COLOR = { mode: 0x3000000, palette: 0xff, rgb: 0xffffff };
const HAS_EXTENDED = 0x10000000;
const UNDERLINED = 0x10000000;
const WORDS = 3;

/** The underline that links have, whatever else they have. */
const DASHED = 5;

/** A terminal of a size, as the web UI makes it. */
export class Terminal {
  constructor({ cols, rows }) {
    this.xterm = new headless.Terminal({
      cols,
      rows,
      scrollback: SCROLLBACK,
      allowProposedApi: true,
      logLevel: 'off',
      windowOptions: { pushTitle: true, popTitle: true },
    });
    this.xterm.loadAddon(new unicode11.Unicode11Addon());
    this.xterm.unicode.activeVersion = '11';
    this.title = '';
    this.xterm.onTitleChange((title) => (this.title = title));
    this.#keepLinks(this.xterm._core._oscLinkService);
    this.colors = new Map();
    this.xterm._core._inputHandler.onColor((changes) => changes.forEach((change) => this.#color(change)));
  }

  /** xterm.js forgets a link when its first line is erased, even if it is written again later. */
  #keepLinks(service) {
    this.links = new Map();
    const register = service.registerLink.bind(service);
    service.registerLink = (link) => {
      const number = register(link);
      this.links.set(number, link);
      return number;
    };
  }

  #color({ type, index, color }) {
    // The types: asked for, set, restored; a restore without an index is one of all.
    if (type === 1) this.colors.set(index, color.join());
    if (type === 2 && index === undefined) {
      [...this.colors.keys()].filter((key) => key < 256).forEach((key) => this.colors.delete(key));
    } else if (type === 2) this.colors.delete(index);
  }

  /** Takes output; done when all of it has been read. */
  write(bytes) {
    return new Promise((resolve) => this.xterm.write(bytes, resolve));
  }

  resize({ cols, rows }) {
    this.xterm.resize(cols, rows);
  }

  /** The visible rows as text. */
  lines() {
    const buffer = this.xterm.buffer.active;
    const row = (at) => buffer.getLine(buffer.baseY + at)?.translateToString(true) ?? '';
    return Array.from({ length: this.xterm.rows }, (_, at) => row(at));
  }

  /** Everything there is to compare: `{state, rows}`, a text for each. */
  view() {
    const core = this.xterm._core;
    const { normal, alt, active } = core.buffers;
    const { decPrivateModes, modes, isCursorHidden } = core.coreService;
    const { activeProtocol, activeEncoding } = core.coreMouseService;
    const charsets = core._charsetService;
    const state = {
      size: [this.xterm.cols, this.xterm.rows],
      active: this.xterm.buffer.active.type,
      title: this.title,
      titles: core._inputHandler._windowTitleStack,
      colors: [...this.colors].sort(),
      public: this.xterm.modes,
      modes: { ...modes, ...decPrivateModes, isCursorHidden, newline: core.options.convertEol },
      blink: core.options.cursorBlink,
      mouse: [activeProtocol, activeEncoding],
      charsets: [charsets.glevel, ...[0, 1, 2, 3].map((g) => Boolean(charsets._charsets[g]))],
      charset: Boolean(charsets.charset),
      pen: this.#attributes(core._inputHandler._curAttrData),
      normal: this.#buffer(normal),
      alternate: active === alt ? this.#buffer(alt) : null,
    };
    const rows = this.#rows(normal);
    if (active === alt) rows.push(...this.#rows(alt));
    return { state, rows, history: normal.ybase };
  }

  #buffer(buffer) {
    const { x, y, savedX, savedY, ybase, scrollTop, scrollBottom, tabs, savedCharset } = buffer;
    const saved = { fg: buffer.savedCurAttrData.fg, bg: buffer.savedCurAttrData.bg & ~HAS_EXTENDED };
    const { cols, rows } = this.xterm;
    const shown = this.xterm._core.buffers.active === buffer;
    return {
      // The column is taken from the other screen when this one is shown again.
      cursor: shown ? [x, y] : y,
      // A place outside the screen is moved inside when it is restored.
      saved: [Math.min(savedX, cols - 1), Math.min(Math.max(savedY - ybase, 0), rows - 1)],
      savedPen: this.#attributes(saved),
      savedCharset: Boolean(savedCharset),
      region: [scrollTop, scrollBottom],
      tabs: Object.keys(tabs).map(Number).filter((col) => tabs[col] && col < cols), // prettier-ignore
    };
  }

  #rows(buffer) {
    const rows = Array.from({ length: buffer.lines.length }, (_, at) => this.#row(buffer.lines.get(at)));
    if (buffer === this.xterm._core.buffers.normal) return rows;
    // What scrolls off the alternate screen is kept after a resize, by mistake; and nothing is kept that its
    // first row could continue.
    const [first, ...rest] = rows.slice(buffer.ybase);
    return [first.replace('↪', ''), ...rest];
  }

  /** A row as text; blanks at its end that nothing was written on are left out. */
  #row(line) {
    const data = line._data;
    // After a resize, the alternate screen's rows keep what is behind their end.
    let used = Math.min(line.length, this.xterm.cols);
    // A resize may leave half a wide character at the end, which no sequence can draw there.
    if (data[(used - 1) * WORDS] >>> CONTENT.width === 2) used -= 1;
    while (used > 0 && this.#untouched(data, used - 1)) used -= 1;
    let text = line.isWrapped ? '↪' : '';
    for (let col = 0; col < used; col += 1) {
      text += this.#cell(line, data, col);
    }
    return text;
  }

  #untouched(data, col) {
    const at = col * WORDS;
    return data[at] === 1 << CONTENT.width && data[at + 1] === 0 && (data[at + 2] & ~HAS_EXTENDED) === 0;
  }

  #cell(line, data, col) {
    const at = col * WORDS;
    const content = data[at];
    const width = content >>> CONTENT.width;
    const point = content & CONTENT.codePoint;
    const chars = content & CONTENT.combined ? line._combined[col] : point && String.fromCodePoint(point);
    const [fg, bg] = [data[at + 1], data[at + 2]];
    const look = fg | bg ? this.#attributes({ fg, bg, extended: line._extendedAttrs[col] }) : '';
    return `${chars || '·'}${width === 1 ? '' : width}${look}`;
  }

  /** Colours, flags, underline and link, as they are drawn; unused bits of a colour are nobody's concern. */
  #attributes({ fg, bg, extended }) {
    const look = bg & HAS_EXTENDED ? extended : undefined;
    const link = look?.urlId ? this.links.get(look.urlId) : undefined;
    const style = look?.urlId ? DASHED : look?.underlineStyle;
    const underlined = fg & UNDERLINED || (style > 0 && !look.urlId);
    const parts = [color(fg & ~UNDERLINED), color(bg & ~HAS_EXTENDED)];
    if (underlined) parts.push(`u${style || 1}`);
    if (look && (underlined || look.urlId)) parts.push(color(look.underlineColor));
    if (link) parts.push(`${link.id?.startsWith('raven-') ? '' : (link.id ?? '')} ${link.uri}`);
    const text = parts.join();
    return text === '0,0' ? '' : `{${text}}`;
  }
}

function color(word) {
  const mode = word & COLOR.mode;
  const mask = mode === COLOR.mode ? COLOR.rgb : COLOR.palette;
  const flags = word & ~(COLOR.mode | COLOR.rgb);
  return ((flags | mode | (mode ? word & mask : 0)) >>> 0).toString(16);
}

/** The rows that a late viewer must have: the screen, and the newest that scrolled off. */
function shared(view, history) {
  const rows = view.rows.slice(view.history - history);
  // What the oldest row continues is gone.
  rows[0] = rows[0].replace('↪', '');
  return rows;
}

/**
 * Where two views differ, in few words; `null` when they do not. `least` is how many of the rows that scrolled
 * off must be there: after a resize they may have become fewer.
 */
export function difference(expected, actual, least = REPAINTED) {
  const [a, b] = [JSON.stringify(expected.state, null, 1), JSON.stringify(actual.state, null, 1)];
  if (a !== b) {
    const [left, right] = [a.split('\n'), b.split('\n')];
    const at = left.findIndex((line, index) => line !== right[index]);
    return `state: ${left.slice(Math.max(0, at - 2), at + 3).join('')} but ${right.slice(Math.max(0, at - 2), at + 3).join('')}`;
  }
  if (expected.history < actual.history || actual.history < Math.min(expected.history, least)) {
    return `${expected.history} rows scrolled off, but ${actual.history}`;
  }
  const [right, found] = [expected, actual].map((view) => shared(view, actual.history));
  const at = right.findIndex((row, index) => row !== found[index]);
  if (at < 0) return null;
  const wrong = right.filter((row, index) => row !== found[index]).length;
  return `${wrong} of ${right.length} rows, first row ${at - actual.history}:\n${right[at]}\n${found[at]}`;
}
