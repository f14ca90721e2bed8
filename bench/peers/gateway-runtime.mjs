/**
 * The usual Node gateway, its half with the PTYs: node-pty behind `ws`.
 *
 * Owns one PTY per session id, and every connection to it. Must not know gateways. It is written as such
 * halves usually are: each chunk is sent at once to whoever is connected, and nothing is bounded.
 */
import { createServer } from 'node:http';

import { SIZE } from '../corpus.mjs';
import { BENCH, need } from '../packages.mjs';

const pty = need('node-pty');
const { WebSocketServer } = need('ws');

const [corpus] = process.argv.slice(2);
const terminals = new Map();

function terminal(id, program) {
  let found = terminals.get(id);
  if (!found) {
    const args = [`${BENCH}program.sh`, program, corpus];
    const term = pty.spawn('sh', args, { name: 'xterm-256color', ...SIZE, env: process.env });
    const clients = new Set();
    term.onData((data) => clients.forEach((client) => client.send(data)));
    terminals.set(id, (found = { term, clients }));
  }
  return found;
}

const server = createServer();
new WebSocketServer({ server }).on('connection', (client, request) => {
  const query = new URL(request.url, 'http://localhost').searchParams;
  const { term, clients } = terminal(query.get('id'), query.get('program'));
  clients.add(client);
  client.on('message', (data) => term.write(data.toString()));
  client.on('close', () => clients.delete(client));
});
server.listen(0, '127.0.0.1', () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
