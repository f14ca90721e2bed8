/**
 * Wetty, a terminal server on Socket.IO in which every viewer has a program of its own.
 *
 * Owns its start and its protocol. Must not know what is measured.
 */
import { createServer } from 'node:net';

import { SIZE } from '../corpus.mjs';
import { BENCH, need, PLACE } from '../packages.mjs';
import { Server } from '../processes.mjs';
import { Viewer } from '../viewer.mjs';

const { io } = need('socket.io-client');

/** A viewer confirms what it has shown in pieces of this many characters, as wetty's own page does. */
const CONFIRMED = 262_144;

export async function start({ corpus }) {
  const port = await freePort();
  const command = `sh ${BENCH}program.sh choose ${corpus}`;
  const server = new Server(process.execPath, [
    ...[`${PLACE}node_modules/wetty/build/main.js`, '--host', '127.0.0.1', '--port', `${port}`],
    ...['--ssh-host', 'localhost', '--command', command],
  ]);
  await server.says(/Server started/);
  return {
    info: { url: `http://127.0.0.1:${port}` },
    parts: () => ({ server: server.pids() }),
    stop: () => server.stop(),
  };
}

function freePort() {
  return new Promise((resolve) => {
    const socket = createServer().listen(0, '127.0.0.1', () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

export function connect(info) {
  const sockets = [];
  const session = (program) => ({
    view: async () => {
      const options = { transports: ['websocket'] };
      const socket = io(info.url, { ...options, reconnection: false, forceNew: true });
      sockets.push(socket);
      const viewer = new Viewer({
        write: (text) => socket.emit('input', text),
        stall: () => socket.io.engine.transport.ws._socket.pause(),
        resume: () => socket.io.engine.transport.ws._socket.resume(),
        close: () => socket.disconnect(),
      });
      const chosen = viewer.sees('@@CHOOSE@@');
      let shown = 0;
      socket.on('data', (text) => {
        viewer.take(text);
        for (shown += text.length; shown >= CONFIRMED; shown -= CONFIRMED) socket.emit('commit', CONFIRMED);
      });
      await new Promise((resolve, reject) => socket.on('connect', resolve).on('connect_error', reject));
      socket.emit('resize', SIZE);
      await chosen;
      socket.emit('input', `${program}\r`);
      return viewer;
    },
  });
  return {
    open: async (program) => session(program),
    openMany: async (program, count) => Array.from({ length: count }, () => session(program)),
    warm: async () => {},
    close: () => sockets.forEach((socket) => socket.disconnect()),
  };
}
