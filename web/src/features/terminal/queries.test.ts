/** Owns the proof that this emulator never answers, on the real parser. */
import xterm, { type Terminal as TerminalType } from '@xterm/xterm';
import { expect, test } from 'vitest';

import { swallowQueries } from './queries';

const { Terminal } = xterm;

const QUERIES: Record<string, string> = {
  DA1: '\x1b[c',
  'DA1 with 0': '\x1b[0c',
  DA2: '\x1b[>c',
  DA3: '\x1b[=c',
  DECID: '\x1bZ',
  'DSR status': '\x1b[5n',
  'DSR cursor': '\x1b[6n',
  DECXCPR: '\x1b[?6n',
  'DECRQM private': '\x1b[?2004$p',
  'DECRQM ansi': '\x1b[4$p',
  XTVERSION: '\x1b[>q',
  'kitty keyboard': '\x1b[?u',
  'window size': '\x1b[18t',
  'foreground colour': '\x1b]10;?\x07',
  'background colour': '\x1b]11;?\x1b\\',
  'cursor colour': '\x1b]12;?\x07',
  'palette colour': '\x1b]4;1;?\x07',
  clipboard: '\x1b]52;c;?\x07',
  DECRQSS: '\x1bP$qm\x1b\\',
  XTGETTCAP: '\x1bP+q544e\x1b\\',
};

function answers(terminal: TerminalType, output: string): Promise<string> {
  let said = '';
  terminal.onData((data) => (said += data));
  return new Promise((done) => terminal.write(output, () => done(said)));
}

test.each(Object.entries(QUERIES))('%s is not answered', async (_, query) => {
  const terminal = new Terminal({ allowProposedApi: true });
  swallowQueries(terminal);
  expect(await answers(terminal, `before${query}after`)).toBe('');
});

test('without the handlers there would be an answer', async () => {
  expect(await answers(new Terminal({ allowProposedApi: true }), '\x1b[c\x1b[6n')).not.toBe('');
});

test('the text around queries stays, and colours are still set', async () => {
  const terminal = new Terminal({ allowProposedApi: true });
  swallowQueries(terminal);
  await answers(terminal, 'a\x1b[6nb\x1b[31mc\x1b]10;?\x07d');
  const line = terminal.buffer.active.getLine(0);
  expect(line?.translateToString(true)).toBe('abcd');
  expect(line?.getCell(2)?.getFgColor()).toBe(1);
});
