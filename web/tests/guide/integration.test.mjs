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
import { ForeignRuntime } from './foreign.mjs';
import { Raven } from './raven.mjs';
import { run, snippet } from './snippets.mjs';

const DIAL_IN = snippet('javascript', 'pty.onData(');
const PTY = fileURLToPath(new URL('shell_on_pty.py', import.meta.url));

let raven, foreign;
const open = [];
before(async () => {
  raven = await Raven.start({ runtime: false });
  foreign = await ForeignRuntime.start();
});
afterEach(async () => {
  for (const end of open.splice(0)) await end();
});
after(async () => {
  await foreign?.stop();
  await raven?.stop();
});

/** Makes the foreign runtime that of the workspace, and spawns an agent on it. */
async function spawnOn(runtimeAuthType) {
  const settings = { runtimeEndpoint: foreign.url, runtimeAuthType, runtimeApiKey: raven.key };
  await raven.call('PATCH', '/api/workspace/agent-settings', settings);
  const wanted = { agentType: 'custom', name: 'Elsewhere' };
  const { spawnedAgents } = await raven.call('POST', '/api/parallax-agents/spawn', wanted);
  return foreign.spawned.find(({ id }) => id === spawnedAgents[0].id);
}

/** A shell on a real PTY, with the three calls that the snippet makes of it. */
function shell() {
  const child = spawn('python3', [PTY], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.on('error', () => {});
  open.push(async () => {
    child.stdin.end();
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

/** Runs the snippet as a runtime would that holds this credential: `{answer, session, socket, refused}`. */
async function dialIn(agent, { headers = {}, options = {} } = {}) {
  const dialled = {};
  const scope = {
    agent: { id: agent.id },
    ptySession: { id: agent.runtimeSessionId },
    workspaceId: raven.me.workspaceId,
    pty: shell(),
    fetch: async (address, request) => {
      const url = address.replace('https://raven-docs.com', raven.url);
      dialled.answer = await fetch(url, { ...request, headers: { ...request.headers, ...headers } });
      dialled.session = await dialled.answer.clone().json();
      return dialled.answer;
    },
    io: (address, query) => {
      const namespace = address.replace('wss://raven-docs.com', '');
      dialled.socket = raven.connect(namespace, { auth: {}, ...query, ...options });
      dialled.socket.on('connect_error', (error) => (dialled.refused = error.message));
      return dialled.socket;
    },
  };
  await run(DIAL_IN, scope);
  return dialled;
}

/** Attaches as a person does, types, and sees the shell behind the snippet answer. */
async function typeAndSee(sessionId) {
  const viewer = raven.connect('/terminal');
  let text = '';
  viewer.on('data', (output) => (text += output));
  viewer.emit('attach', { sessionId });
  const [session] = await heard(viewer, 'attached');
  assert.equal(session.sessionId, sessionId);
  assert.equal(session.role, 'writer');
  viewer.emit('input', 'echo "$((6 * 7)) is the answer"\r');
  await until(
    () => `the answer in ${text}`,
    () => text.includes('42 is the answer'),
  );
  const resized = heard(viewer, 'size');
  viewer.emit('resize', { cols: 91, rows: 17 });
  assert.deepEqual((await resized)[0], { cols: 91, rows: 17 });
  viewer.emit('input', 'stty size\r');
  await until(
    () => `the new size in ${text}`,
    () => text.includes('17 91'),
  );
  return viewer;
}

test('with authentication None the snippet works unchanged from the same machine', async () => {
  const agent = await spawnOn('none');
  const { answer, socket, session } = await dialIn(agent);
  assert.equal(answer.status, 201, JSON.stringify(session));
  assert.equal(session.agentId, agent.id);
  assert.equal(session.runtimeSessionId, agent.runtimeSessionId);
  assert.deepEqual([session.cols, session.rows], [80, 24]);
  await until('connected', () => socket.connected);
  const viewer = await typeAndSee(session.id);

  const told = heard(viewer, 'status');
  const { runtimeSessionId } = agent;
  socket.emit('status', {
    runtimeSessionId,
    status: 'login_required',
    loginUrl: 'https://example.com/login',
  });
  const [status] = await told;
  assert.equal(status.status, 'login_required');
  assert.equal(status.loginUrl, 'https://example.com/login');

  const gone = heard(viewer, 'status');
  socket.disconnect();
  assert.equal((await gone)[0].status, 'disconnected');
});

test('with an API key the snippet is refused as it stands', async () => {
  const dialled = await dialIn(await spawnOn('api_key'));
  assert.equal(dialled.answer.status, 401);
  assert.equal(await until('a refusal', () => dialled.refused), 'UNAUTHENTICATED');
});

test('with an API key a runtime that sends it gets in, by token or by header', async () => {
  const headers = { Authorization: `Bearer ${raven.key}` };
  for (const options of [{ auth: { token: raven.key } }, { extraHeaders: headers }]) {
    const { answer, session } = await dialIn(await spawnOn('api_key'), { headers, options });
    assert.equal(answer.status, 201, JSON.stringify(session));
    await typeAndSee(session.id);
  }
});

test('a wrong key is as good as none', async () => {
  const headers = { Authorization: 'Bearer wrong' };
  const dialled = await dialIn(await spawnOn('api_key'), { headers, options: { auth: { token: 'wrong' } } });
  assert.equal(dialled.answer.status, 401);
  assert.equal(await until('a refusal', () => dialled.refused), 'UNAUTHENTICATED');
});

test('a callback that asks for a login is an event with its address', async () => {
  const agent = await spawnOn('api_key');
  const said = [];
  const socket = raven.connect('/');
  await heard(socket, 'connect');
  const scope = {
    socket,
    console: { log: (text) => said.push(text) },
    showTerminalPanel: (id) => said.push(`panel ${id}`),
  };
  await run(snippet('typescript', "socket.on('agent:login_required'"), scope);
  const callback = (token) =>
    fetch(`${raven.url}/api/parallax-agents/spawn-callback`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        workspaceId: raven.me.workspaceId,
        agentId: agent.id,
        status: 'requires_login',
        loginUrl: 'https://example.com/device',
      }),
    });
  assert.equal((await callback('wrong')).status, 401);
  assert.ok((await callback(agent.callbackToken)).ok);
  await until('the login is told', () => said.includes(`panel ${agent.id}`));
  assert.ok(said.includes(`Agent ${agent.id} needs login: https://example.com/device`), said.join('\n'));
});
