/** Owns the emulator as this product sets it up: font, colours, addons, silence. Must not know the wire. */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { Terminal, type ITheme } from '@xterm/xterm';

import { swallowQueries } from './queries';

// Lines kept above the screen in this browser; the recording has all of them.
const SCROLLBACK_LINES = 10_000;

export const FONT_FAMILY = '"JetBrains Mono", "Raven Boxes", "DejaVu Sans Mono", Menlo, Consolas, monospace';

/** One palette for both themes: programs choose their colours for a dark terminal. */
const THEME: ITheme = {
  background: '#0c0f14',
  foreground: '#d5d9e0',
  cursor: '#e6e9ef',
  cursorAccent: '#0c0f14',
  selectionBackground: '#3a4c7a',
  black: '#1b212b',
  red: '#f07178',
  green: '#8bd17c',
  yellow: '#e6c07b',
  blue: '#7aa2f7',
  magenta: '#c792ea',
  cyan: '#6fd0d6',
  white: '#c8ced9',
  brightBlack: '#6b7485',
  brightRed: '#ff8f95',
  brightGreen: '#a5e39a',
  brightYellow: '#f5d79b',
  brightBlue: '#9bbcff',
  brightMagenta: '#dbb0f5',
  brightCyan: '#93e3e8',
  brightWhite: '#f2f4f8',
};

export interface Emulator {
  terminal: Terminal;
  fit: FitAddon;
  search: SearchAddon;
}

export function createEmulator(fontSize: number): Emulator {
  const terminal = new Terminal({
    allowProposedApi: true,
    cursorBlink: false,
    fontFamily: FONT_FAMILY,
    fontSize,
    macOptionIsMeta: true,
    scrollback: SCROLLBACK_LINES,
    screenReaderMode: false,
    theme: THEME,
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.loadAddon(new Unicode11Addon());
  terminal.loadAddon(new WebLinksAddon());
  terminal.unicode.activeVersion = '11';
  swallowQueries(terminal);
  return { terminal, fit, search };
}

/** Draws with the graphics card where there is one; the DOM renderer is the fallback. */
export function accelerate(terminal: Terminal): void {
  try {
    const webgl = new WebglAddon();
    webgl.onContextLoss(() => webgl.dispose());
    terminal.loadAddon(webgl);
  } catch {
    // no WebGL here: the renderer that the terminal was opened with stays
  }
}
