/**
 * The guide's "Runtime Integration": a runtime that is no program of ours creates a session and dials in.
 *
 * Owns these promises of the guide. Must not know how the server keeps them.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { heard, until } from './facts.mjs';
import { Raven } from './raven.mjs';
import { run, snippet } from './snippets.mjs';

const DIAL_IN = snippet('javascript', 'pty.onData(');
const PTY = fileURLToPath(new URL('pty.py', import.meta.url));

let raven;
const open = [];
before(async () => {
  raven = await Raven.start();
});
afterEach(async () => {
  for (const end of open.splice(0)) await end();
});
after(() => raven?.stop());

/** A shell on a real PTY, with the three calls that the snippet makes of it. */
function shell() {
  const child = spawn('python3', [PTY], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.on('error', () => {});
  open.push(async () => {
    child.stdin.end();
    child.kill('SIGKILL');
    await ended;
  });
  const order = (what) => child.stdin.write(`${JSON.stringify(what)}\n`);
  child.stdout.setEncoding('utf8');
  return {
    onData: (hear) => child.stdout.on('data', hear),
    write: (text) => order({ write: `${text}` }),
    resize: (cols, rows) => order({ cols, rows }),
  };
}

/** Runs the snippet as a runtime would that holds this credential: `{answer, socket, session}`. */
async function dialIn({ name, headers = {}, options = {} }) {
  const agent = { id: `agent-${name}` };
  const ptySession = { id: `session-${name}` };
  const dialled = {};
  const scope = {
    agent,
    ptySession,
    workspaceId: raven.me.workspaceId,
    pty: shell(),
    fetch: async (address, request) => {
      const url = address.replace('https://raven-docs.com', raven.url);
      const all = { ...request.headers, ...headers };
      dialled.answer = await fetch(url, { ...request, headers: all });
      dialled.session = await dialled.answer.clone().json();
      return dialled.answer;
    },
    io: (address, query) => {
      const namespace = address.replace('wss://raven-docs.com', '');
      dialled.socket = raven.connect(namespace, { auth: {}, ...query, ...options });
      dialled.refused = heard(dialled.socket, 'connect_error').catch(() => []);
      return dialled.socket;
    },
  };
  await run(DIAL_IN, scope);
  return dialled;
}

const authType = (runtimeAuthType) =>
  raven.call('PATCH', '/api/workspace/agent-settings', { runtimeAuthType });

/** Attaches as a person does, types, and sees the shell behind the snippet answer. */
async function typeAndSee(sessionId) {
  const viewer = raven.connect('/terminal');
  let text = '';
  viewer.on('data', (output) => (text += output));
  viewer.emit('attach', { sessionId });
  const [session] = await heard(viewer, 'attached');
  assert.equal(session.sessionId, sessionId);
  assert.equal(session.role, 'writer');
  await viewer.timeout(10_000).emitWithAck('input', 'echo "$((6 * 7)) is the answer"\r');
  await until(
    () => `the answer in ${text}`,
    () => text.includes('42 is the answer'),
  );
  viewer.emit('resize', { cols: 91, rows: 17 });
  await heard(viewer, 'size');
  viewer.emit('input', 'stty size\r');
  await until(
    () => `the new size in ${text}`,
    () => text.includes('17 91'),
  );
  return viewer;
}

test('with authentication None the snippet works unchanged from the same machine', async () => {
  await authType('none');
  const { answer, socket, session } = await dialIn({ name: 'none' });
  assert.equal(answer.status, 201, JSON.stringify(session));
  assert.equal(session.runtimeSessionId, 'session-none');
  assert.deepEqual([session.cols, session.rows], [80, 24]);
  await until('connected', () => socket.connected);
  const viewer = await typeAndSee(session.id);

  const login = {
    runtimeSessionId: 'session-none',
    status: 'login_required',
    loginUrl: 'https://example.com/login',
  };
  const told = heard(viewer, 'status');
  socket.emit('status', login);
  const [status] = await told;
  assert.deepEqual([status.status, status.loginUrl], ['login_required', 'https://example.com/login']);
});

test('with an API key the snippet is refused as it stands', async () => {
  await authType('api_key');
  const { answer, refused } = await dialIn({ name: 'refused' });
  assert.equal(answer.status, 401);
  const [error] = await refused;
  assert.equal(error.message, 'UNAUTHENTICATED');
});

test('with an API key a runtime that sends it gets in', async () => {
  await authType('api_key');
  const bearer = { Authorization: `Bearer ${raven.key}` };
  const byToken = await dialIn({ name: 'token', headers: bearer, options: { auth: { token: raven.key } } });
  assert.equal(byToken.answer.status, 201, JSON.stringify(byToken.session));
  await typeAndSee(byToken.session.id);

  const byHeader = await dialIn({ name: 'header', headers: bearer, options: { extraHeaders: bearer } });
  assert.equal(byHeader.answer.status, 201, JSON.stringify(byHeader.session));
  await typeAndSee(byHeader.session.id);
});

test('a wrong key is as good as none', async () => {
  await authType('api_key');
  const bearer = { Authorization: 'Bearer wrong' };
  const { answer, refused } = await dialIn({
    name: 'wrong',
    headers: bearer,
    options: { auth: { token: 'wrong' } },
  });
  assert.equal(answer.status, 401);
  assert.equal((await refused)[0].message, 'UNAUTHENTICATED');
});
