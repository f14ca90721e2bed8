/**
 * The guide's "Terminal Proxy": attach, watch, type and resize by Socket.IO.
 *
 * Owns these promises of the guide. Must not know how the server keeps them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import WebSocket from 'ws';

import { heard, until } from './facts.mjs';
import { Raven } from './raven.mjs';
import { run, snippet } from './snippets.mjs';

const CONNECT = snippet('typescript', "const termSocket = io('/terminal')");
const RESIZE = snippet('typescript', 'runtimeWs.send(');

let raven;
before(async () => {
  raven = await Raven.start();
});
after(() => raven?.stop());

/** An xterm without a screen: keeps what is written, and types and resizes on demand. */
function fakeXterm() {
  const xterm = { text: '' };
  xterm.write = (output) => (xterm.text += output);
  xterm.onData = (type) => (xterm.type = type);
  xterm.onResize = (resize) => (xterm.resize = resize);
  return xterm;
}

/** Runs the snippet with the guide's ids standing for these. */
async function terminal(ids, auth = { token: raven.token }) {
  const said = [];
  const xterm = fakeXterm();
  let socket;
  const io = (namespace) => {
    socket = raven.connect(namespace, { auth });
    const emit = socket.emit.bind(socket);
    socket.emit = (event, body, ...rest) => emit(event, withRealIds(body, ids), ...rest);
    return socket;
  };
  const log = { log: (text) => said.push(text) };
  await run(CONNECT, { io, xterm, console: log, showLoginUrl: (url) => said.push(`login at ${url}`) });
  return { socket, xterm, said };
}

function withRealIds(body, ids) {
  if (body?.agentId === 'agent-123') return { agentId: ids.agent };
  if (body?.sessionId === 'session-456') return { sessionId: ids.session };
  return body;
}

const attachedTo = (id) => (text) => text === `Attached to session ${id}`;

test('the snippet attaches by agent and by session, types, sees the answer and resizes', async () => {
  const agent = await raven.shell();
  const ids = { agent: agent.id, session: agent.session.id };
  const { xterm, said } = await terminal(ids);
  await until('attached twice', () => said.filter(attachedTo(ids.session)).length === 2);
  assert.ok(said.includes('Terminal size: 80x24'), said.join('\n'));

  xterm.type('echo "$((6 * 7)) is the answer"\r');
  await until(
    () => `the answer in ${xterm.text}`,
    () => xterm.text.includes('42 is the answer'),
  );

  xterm.resize({ cols: 91, rows: 17 });
  await until('the new size in the session', async () => {
    const { session } = await raven.get(`/api/parallax-agents/${agent.id}`);
    return session.cols === 91 && session.rows === 17;
  });
  xterm.type('stty size\r');
  await until('the new size in the agent', () => xterm.text.includes('17 91'));
});

test('the resize snippet reaches the agent from the browser and from the control plane', async () => {
  const agent = await raven.shell();
  const { socket: termSocket, xterm, said } = await terminal({ agent: agent.id, session: agent.session.id });
  await until('attached', () => said.filter(attachedTo(agent.session.id)).length === 2);
  const address = `${raven.runtimeUrl.replace('http', 'ws')}/ws/agents/${agent.id}/terminal`;
  const runtimeWs = new WebSocket(address, { headers: { authorization: `Bearer ${raven.key}` } });
  await heard(runtimeWs, 'open');
  await run(RESIZE, { termSocket, runtimeWs });
  await until('both were taken', async () => {
    const { session } = await raven.get(`/api/parallax-agents/${agent.id}`);
    return session.cols === 120 && session.rows === 40;
  });
  xterm.type('stty size\r');
  await until('the size in the agent', () => xterm.text.includes('40 120'));
  runtimeWs.close();
});

test('the end of the agent is a status', async () => {
  const agent = await raven.shell();
  const { socket, said } = await terminal({ agent: agent.id, session: agent.session.id });
  await until('attached', () => said.some(attachedTo(agent.session.id)));
  const ended = until('terminated is told', () => socket.told === 'terminated');
  socket.on('status', ({ status }) => (socket.told = status));
  await raven.call('POST', `/api/parallax-agents/${agent.id}/stop`, {});
  await ended;
});

test('the snippet is refused without credentials, and the runtime refuses a wrong key', async () => {
  for (const auth of [{}, { token: 'raven_pat_wrong' }]) {
    const { socket } = await terminal({}, auth);
    const [error] = await heard(socket, 'connect_error');
    assert.equal(error.message, 'UNAUTHENTICATED');
  }
  const agent = await raven.shell();
  const address = `${raven.runtimeUrl.replace('http', 'ws')}/ws/agents/${agent.id}/terminal`;
  for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
    const [, response] = await heard(new WebSocket(address, { headers }), 'unexpected-response');
    assert.equal(response.statusCode, 401);
    response.destroy();
  }
});

test('an unknown agent is told as an error, not as silence', async () => {
  const socket = raven.connect('/terminal');
  socket.emit('attach', { agentId: 'agent-123' });
  const [error] = await heard(socket, 'error');
  assert.equal(error.code, 'NOT_FOUND');
});
