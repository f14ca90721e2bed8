/** Owns the font and colours that terminals and recordings are shown in. Must not know any emulator. */

export const FONT_FAMILY = '"JetBrains Mono", "Raven Boxes", "DejaVu Sans Mono", Menlo, Consolas, monospace';

/** One palette for both themes, in the names of xterm.js: programs choose their colours for a dark terminal. */
export const PALETTE = {
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
