/** Owns the emulator as this product sets it up: font, addons, silence. Must not know the wire. */
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { Unicode11Addon } from '@xterm/addon-unicode11';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { WebglAddon } from '@xterm/addon-webgl';
import { Terminal } from '@xterm/xterm';

import { FONT_FAMILY, PALETTE } from '../../parts/terminalLook';
import { swallowQueries } from './queries';

// Lines kept above the screen in this browser; the recording has all of them.
const SCROLLBACK_LINES = 10_000;

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
    theme: PALETTE,
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
