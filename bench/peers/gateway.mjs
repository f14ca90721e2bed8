/**
 * The usual Node gateway: from a runtime's WebSocket to Socket.IO, with one audit row for each chunk.
 *
 * Owns the relay and the audit. Must not know what is measured. It is written as such gateways usually are:
 * a room per session, output is sent on and then written down, input is written down and then sent on, and
 * who comes late gets the last thousand rows again.
 */
import { appendFile } from 'node:fs/promises';
import { createServer } from 'node:http';

import { need } from '../packages.mjs';

const { Server } = need('socket.io');
const { WebSocket } = need('ws');

/** Rows that a late viewer gets. */
const REPLAYED = 1000;

const [upstream, database] = process.argv.slice(2);
const audit = await auditIn(database);
const wires = new Map();

async function auditIn(place) {
  if (place === 'none') return { write: async () => {}, replay: async () => '' };
  if (place.startsWith('file:')) return auditInFile(place.slice(5));
  const pool = new (need('pg').Pool)({ connectionString: place });
  await pool.query(
    'CREATE TABLE terminal_log (id bigserial PRIMARY KEY, session text, direction text, data text, at timestamptz DEFAULT now())',
  );
  await pool.query('CREATE INDEX ON terminal_log (session, id)');
  const insert = 'INSERT INTO terminal_log (session, direction, data) VALUES ($1, $2, $3)';
  const newest = `SELECT data FROM terminal_log WHERE session = $1 AND direction = 'output' ORDER BY id DESC LIMIT ${REPLAYED}`;
  return {
    write: (session, direction, data) => pool.query(insert, [session, direction, data]),
    replay: async (session) =>
      (await pool.query(newest, [session])).rows
        .reverse()
        .map((row) => row.data)
        .join(''),
  };
}

/** Where there is no database: one line of JSON for each chunk, appended. */
function auditInFile(path) {
  const kept = new Map();
  return {
    write: async (session, direction, data) => {
      await appendFile(path, `${JSON.stringify({ session, direction, data, at: new Date() })}\n`);
      if (direction !== 'output') return;
      kept.set(session, [...(kept.get(session) ?? []), data].slice(-REPLAYED));
    },
    replay: async (session) => (kept.get(session) ?? []).join(''),
  };
}

/** Bytes of output by session that are in the audit: for the bench, which waits for them. */
const audited = new Map();
const server = createServer((request, response) => {
  response.end(`${audited.get(request.url.split('/').at(-1)) ?? 0}`);
});
const io = new Server(server, { maxHttpBufferSize: 1e8 });
const viewers = io.of('/terminal');

function wire(id, program) {
  let found = wires.get(id);
  if (!found) {
    found = new WebSocket(`${upstream}/?id=${id}&program=${program}`);
    found.on('message', async (data) => {
      const text = data.toString();
      viewers.to(id).emit('data', text);
      await audit.write(id, 'output', text);
      audited.set(id, (audited.get(id) ?? 0) + data.length);
    });
    wires.set(id, found);
  }
  return found;
}

viewers.on('connection', (socket) => {
  let joined = null;
  socket.on('attach', async ({ id, program }, done) => {
    joined = id;
    const past = wires.has(id) ? await audit.replay(id) : '';
    if (past) socket.emit('data', past);
    await socket.join(id);
    wire(id, program);
    done();
  });
  socket.on('input', async (data) => {
    await audit.write(joined, 'input', data);
    wires.get(joined)?.send(data);
  });
});
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
