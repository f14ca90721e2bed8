/**
 * Real programs in real terminals: whoever joins late sees, cell for cell, what a viewer sees who was there.
 *
 * Owns the scripts of the programs. Must not know how terminals are compared.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { until } from '../guide/facts.mjs';
import { Runtime } from './runtime.mjs';
import { Session } from './session.mjs';

const SIZE = { cols: 80, rows: 24 };
const ESC = '\x1b';

let runtime;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'raven-programs-'));
  writeFileSync(join(folder, 'code.c'), source());
  writeFileSync(join(folder, 'long.log'), log(60_000));
  runtime = await Runtime.start();
});
after(async () => {
  await runtime?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Something with syntax to colour, and lines that are longer than a row. */
function source() {
  const block = (at) =>
    `/* Function number ${at}. */\nstatic int f${at}(const char *name, int count) {\n` +
    `\tfor (int i = 0; i < count; i++) {\n\t\tprintf("%s ${'wide '.repeat(at % 30)}— 日本語\\n", name);\n\t}\n\treturn ${at};\n}\n`;
  return Array.from({ length: 120 }, (_, at) => block(at)).join('\n');
}

/** Lines as logs have them: colours, tabs, links, some longer than a row. */
function log(lines) {
  const line = (at) => {
    const level = [`${ESC}[32mINFO${ESC}[0m`, `${ESC}[1;33mWARN${ESC}[0m`, `${ESC}[41;97mFAIL${ESC}[m`][
      at % 3
    ];
    return `2026-11-24T10:00:00.${String(at % 1000).padStart(3, '0')}Z ${level} request ${at}\tpath=/a/${'b'.repeat(at % 90)} ✓\n`;
  };
  return Array.from({ length: lines }, (_, at) => line(at)).join('');
}

/** Plays a script in a program's terminal, then holds everybody who joined against who was there. */
async function play(context, command, script, { size = SIZE, env } = {}) {
  const session = await Session.start(runtime, command, size, { TERM: 'xterm-256color', ...env });
  try {
    await script(session);
    const { joins, comparisons, bytes } = await session.compare();
    context.diagnostic(`${joins} joins, ${comparisons} comparisons, ${bytes} bytes`);
  } finally {
    session.stop();
  }
}

const shell = (script) => ['sh', '-c', script];

test('vim: editing, scrolling, windows, back to the shell', (context) => {
  const vim = `vim -u NONE -N -i NONE -c 'set mouse=a nu hls scrolloff=2 title | syntax on | colorscheme desert' ${folder}/code.c`;
  return play(context, shell(`printf 'before\\n'; ${vim}; printf 'after\\n'; exec cat`), async (vim) => {
    await vim.shows('Function number 0');
    await vim.join('opened');
    vim.type('ihello 日本 👩‍🚀 é\r', `new line${ESC}`, '10x', 'dd', 'yyp', 'u');
    await vim.join('while it edits');
    vim.type('\x04\x04\x05\x05\x05\x15\x19', 'G');
    await vim.shows('Function number 119');
    await vim.join('at the end of the file');
    vim.type(':vsplit\r:split\r', '\x17\x17', 'gg', '/printf\r', 'V5j');
    await vim.shows('VISUAL');
    await vim.join('with windows and a selection');
    vim.resize({ cols: 100, rows: 30 });
    vim.type(`${ESC}:set nowrap\r`);
    await vim.still();
    await vim.join('after a resize');
    vim.type(':qa!\r');
    await vim.shows('after');
    await vim.join('back in the shell');
  });
});

test('less: over a long log, forward, backward, found, and left again', (context) =>
  play(context, shell(`less -R -i ${folder}/long.log; echo after; exec cat`), async (less) => {
    await less.shows('request 0');
    await less.join('opened');
    less.type('    ', 'G');
    await less.shows('request 59999');
    await less.join('at the end');
    less.type('bbbb', 'yyyy', 'kkkkkk', 'jj');
    await less.join('while it scrolls back');
    less.type('?request 4242\r');
    await less.shows('request 4242');
    await less.join('found');
    less.resize({ cols: 50, rows: 18 });
    await less.still();
    less.type('g');
    await less.shows('request 0');
    less.type('/FAIL\r');
    await less.still();
    await less.join('after a resize');
    less.type('q');
    await less.shows('after');
    await less.join('left');
  }));

test('htop: live, sorted, with its set-up screen and a resize', (context) =>
  play(
    context,
    ['htop', '-d', '3'],
    async (htop) => {
      await htop.shows('Load average');
      await htop.join('opened');
      htop.type('t', 'P', `${ESC}[B${ESC}[B`, ' ');
      await htop.comes(2000);
      await htop.join('while it updates');
      htop.type('\x1bOQ');
      await htop.shows(/Meters|Categories/);
      await htop.join('set-up');
      htop.type(ESC);
      htop.resize({ cols: 120, rows: 40 });
      await htop.comes(4000);
      await htop.join('after a resize');
      htop.type('q');
      await until('htop has ended', () => htop.watcher.exited);
    },
    { env: { HTOPRC: join(folder, 'htoprc'), HOME: folder } },
  ));

test('tmux: splits, output in both, scrolling back, a resize, detached', (context) => {
  const socket = join(folder, 'tmux.sock');
  const tmux = `env -u TMUX tmux -S ${socket} -f /dev/null new-session 'PS1="$ " exec sh'`;
  const prefix = '\x02';
  return play(
    context,
    shell(`${tmux}; echo after; tmux -S ${socket} kill-server; exec cat`),
    async (tmux) => {
      await tmux.shows('$');
      tmux.type('echo one; printf "\\033[31mred\\033[m \\346\\227\\245\\346\\234\\254\\n"\r');
      await tmux.shows('日本');
      await tmux.join('one pane');
      tmux.type(`${prefix}%`, `head -2000 ${folder}/long.log\r`);
      await tmux.join('in a burst beside another pane');
      await tmux.still();
      tmux.type(`${prefix}"`, 'seq 1 400\r');
      await tmux.shows(/│400/);
      await tmux.join('three panes');
      tmux.type(`${prefix}[`, '\x15\x15');
      await tmux.still();
      await tmux.join('scrolled back');
      tmux.type('q');
      tmux.resize({ cols: 110, rows: 32 });
      await tmux.still();
      await tmux.join('after a resize');
      tmux.type(`${prefix}d`);
      await tmux.shows('after');
      await tmux.join('detached');
    },
    { env: { LANG: 'C.UTF-8', HOME: folder } },
  );
});

/** Choices in vttest's menus, and pages: movements, screen features, character sets, double sizes, edits. */
const VTTEST = [
  ['1', 6],
  ['2', 15],
  ['3 8', 2],
  ['4', 5],
  ['8', 14],
];

for (const [choices, pages] of VTTEST) {
  test(`vttest: menu ${choices}`, (context) =>
    play(context, ['vttest'], async (vttest) => {
      for (const choice of choices.split(' ')) {
        await vttest.shows('Enter choice number');
        await vttest.still();
        await vttest.join(`before choice ${choice}`);
        vttest.type(`${choice}\r`);
      }
      for (let page = 0; page < pages; page += 1) {
        await vttest.still();
        await vttest.join(`page ${page}`);
        vttest.type('\r');
      }
    }));
}

test('a shell: 60,000 lines in one burst, joined in the middle of it, resized', (context) =>
  play(context, shell(`read _; cat ${folder}/long.log; read _; exec cat`), async (burst) => {
    await burst.still();
    burst.type('\r');
    await burst.comes(100_000, 0);
    await burst.join('in the burst');
    await burst.comes(1_000_000, 0);
    await burst.join('later in the burst');
    await burst.shows('request 59999');
    await burst.join('after it');
    burst.resize({ cols: 50, rows: 20 });
    await burst.still();
    await burst.join('after it became narrow');
    burst.resize({ cols: 132, rows: 40 });
    await burst.still();
    await burst.join('after it became wide');
    burst.type('\rtyped\r');
    await burst.shows('typed');
  }));
