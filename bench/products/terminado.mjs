/**
 * Terminado, the terminal server of notebooks, and viewers that speak its JSON over a WebSocket.
 *
 * Owns its start and its protocol. Must not know what is measured.
 */
import { realpathSync } from 'node:fs';
import { basename } from 'node:path';

import { SIZE } from '../corpus.mjs';
import { BENCH, need, PLACE } from '../packages.mjs';
import { Server } from '../processes.mjs';
import { Viewer } from '../viewer.mjs';

const { WebSocket } = need('ws');

export async function start({ corpus }) {
  const python = `${PLACE}venv/bin/python`;
  const server = new Server(python, [`${BENCH}peers/terminado_server.py`, `${BENCH}program.sh`, corpus]);
  const [, url] = await server.says(/listening on (\S+)/);
  // The environment's `python` is a link: what runs has the name of what it leads to.
  const name = basename(realpathSync(python));
  return { info: { url }, parts: () => ({ server: server.pids([name]) }), stop: () => server.stop() };
}

let sessions = 0;

export function connect(info) {
  const sockets = [];
  const session = (program) => {
    const name = `${process.pid}-${sessions++}.${program}`;
    return {
      view: async () => {
        const socket = new WebSocket(`${info.url}/websocket/${name}`);
        sockets.push(socket);
        const viewer = new Viewer({
          write: (text) => socket.send(JSON.stringify(['stdin', text])),
          stall: () => socket._socket.pause(),
          resume: () => socket._socket.resume(),
          close: () => socket.close(),
        });
        socket.on('message', (message) => {
          const [kind, text] = JSON.parse(message.toString());
          if (kind === 'stdout') viewer.take(text);
        });
        await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
        socket.send(JSON.stringify(['set_size', SIZE.rows, SIZE.cols]));
        return viewer;
      },
    };
  };
  return {
    open: async (program) => session(program),
    openMany: async (program, count) => Array.from({ length: count }, () => session(program)),
    warm: async () => {},
    close: () => sockets.forEach((socket) => socket.close()),
  };
}
