/**
 * tmux, attached to through a PTY: it keeps a screen, and skips what a viewer does not need to see.
 *
 * Owns its start and its viewers. Must not know what is measured.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SIZE } from '../corpus.mjs';
import { BENCH, need } from '../packages.mjs';
import { output, Server, until } from '../processes.mjs';
import { Viewer } from '../viewer.mjs';

const pty = need('node-pty');

const CONFIG =
  'set -g status off\nset -s escape-time 0\nset -g default-terminal tmux-256color\nset -g window-size latest\n';

export async function start({ corpus }) {
  const folder = mkdtempSync(join(tmpdir(), 'raven-bench-tmux-'));
  const [config, socket] = [join(folder, 'tmux.conf'), join(folder, 'socket')];
  writeFileSync(config, CONFIG);
  const server = new Server('tmux', ['-D', '-S', socket, '-f', config]);
  await until('tmux serves', 10_000, () =>
    output('tmux', ['-S', socket, 'start-server']).then(
      () => true,
      () => false,
    ),
  );
  return {
    info: { socket, corpus },
    parts: () => ({ server: server.pids(), clients: [...clients] }),
    stop: async () => {
      await output('tmux', ['-S', socket, 'kill-server']).catch(() => {});
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const clients = new Set();
let sessions = 0;

export function connect({ socket, corpus }) {
  const terms = [];
  const session = async (program) => {
    const name = `s${process.pid}-${sessions++}`;
    const command = ['sh', `${BENCH}program.sh`, program, corpus];
    const size = ['-x', `${SIZE.cols}`, '-y', `${SIZE.rows}`];
    await output('tmux', ['-u', '-S', socket, 'new-session', '-d', '-s', name, ...size, ...command]);
    return {
      view: async () => {
        const args = ['-u', '-S', socket, 'attach', '-t', name];
        const env = { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8' };
        delete env.TMUX;
        const term = pty.spawn('tmux', args, { name: 'xterm-256color', ...SIZE, env });
        terms.push(term);
        clients.add(term.pid);
        term.onExit(() => clients.delete(term.pid));
        const viewer = new Viewer({
          write: (text) => term.write(text),
          stall: () => term.pause(),
          resume: () => term.resume(),
          close: () => term.kill(),
        });
        // It is attached once it has painted something.
        await new Promise((resolve) => {
          term.onData((text) => {
            viewer.take(text);
            resolve();
          });
        });
        return viewer;
      },
    };
  };
  return {
    open: session,
    openMany: async (program, count) => {
      const made = [];
      for (let n = 0; n < count; n++) made.push(await session(program));
      return made;
    },
    warm: async () => {},
    close: () => terms.forEach((term) => term.kill()),
  };
}
