/**
 * The guide's "From the API" and "WebSocket Events": spawn by curl, hear of it by Socket.IO.
 *
 * Owns these promises of the guide. Must not know how the server keeps them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { curl, curlFolder, PLACEHOLDERS } from './bash.mjs';
import { heard, until } from './facts.mjs';
import { Raven } from './raven.mjs';
import { run, snippet } from './snippets.mjs';

const SPAWN = snippet('bash', '/api/parallax-agents/spawn');

let raven;
before(async () => {
  raven = await Raven.start({ agents: { claude: 'echo "stand-in for claude"; exec cat' } });
});
after(() => raven?.stop());

const bin = (token) =>
  curlFolder(raven.folder, { [PLACEHOLDERS.address]: raven.url, [PLACEHOLDERS.token]: token });

test('the curl of the guide spawns two agents', async () => {
  const { status, body } = await curl(SPAWN, bin(raven.token));
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(body.success, true, JSON.stringify(body));
  assert.equal(body.spawnedAgents.length, 2);
  for (const spawned of body.spawnedAgents) {
    assert.equal(spawned.type, 'claude-code');
    assert.match(spawned.name, /Code Review Agents/);
    const agent = await until(`${spawned.id} runs`, async () => {
      const agent = await raven.get(`/api/parallax-agents/${spawned.id}`);
      return agent.pid && agent;
    });
    assert.deepEqual(agent.capabilities, ['code_review', 'testing']);
    assert.notEqual(agent.status, 'error', agent.error);
  }
});

test('the curl of the guide is refused with its own placeholder as token', async () => {
  const { status, body } = await curl(SPAWN, bin(PLACEHOLDERS.token));
  assert.equal(status, 401);
  assert.equal(body.code, 'UNAUTHENTICATED');
});

/** Runs all event snippets on one socket, and keeps what they print and call. */
async function listen() {
  const said = [];
  const scope = {
    socket: raven.connect('/'),
    console: { log: (text) => said.push(text), error: (text) => said.push(text) },
    showTerminalPanel: (id) => said.push(`panel ${id}`),
    updateAgentStatus: (id, status) => said.push(`update ${id} ${status}`),
  };
  await heard(scope.socket, 'connect');
  for (const event of [
    'agent:started',
    'agent:login_required',
    'agent:ready',
    'agent:stopped',
    'agent:error',
  ]) {
    await run(snippet('typescript', `socket.on('${event}'`), scope);
  }
  return said;
}

test('the event snippets tell of an agent that starts, gets ready and stops', async () => {
  const said = await listen();
  const agent = await raven.shell();
  const told = (text) =>
    until(
      () => `"${text}" among ${said}`,
      () => said.includes(text),
    );
  await told(`Agent ${agent.id} is starting`);
  await told(`Agent ${agent.id} is ready`);
  await told(`update ${agent.id} ready`);
  await raven.call('POST', `/api/parallax-agents/${agent.id}/stop`, {});
  await until('it is told as stopped', () =>
    said.some((text) => text.startsWith(`Agent ${agent.id} stopped: `)),
  );
  const order = said
    .filter((text) => text.startsWith(`Agent ${agent.id} `))
    .map((text) => text.split(' ')[2]);
  assert.deepEqual(order, ['is', 'is', 'stopped:'], said.join('\n'));
});

test('the event snippets tell of an agent that fails, and why', async () => {
  const said = await listen();
  const config = { command: ['no-such-program-anywhere'] };
  const body = { agentType: 'custom', config };
  const { spawnedAgents } = await raven.call('POST', '/api/parallax-agents/spawn', body);
  const beginning = `Agent ${spawnedAgents[0].id} error: `;
  const line = await until('the error is told', () => said.find((text) => text.startsWith(beginning)));
  assert.match(line, /no-such-program-anywhere/);
});

test('nobody hears events without credentials', async () => {
  for (const auth of [{}, { token: 'raven_pat_wrong' }]) {
    const [error] = await heard(raven.connect('/', { auth }), 'connect_error');
    assert.equal(error.message, 'UNAUTHENTICATED');
  }
});
