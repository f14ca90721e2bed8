/**
 * The guide's "Starting the Runtime" and its health check.
 *
 * Owns these promises of the guide. Must not know how the runtime keeps them.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

import { curl, curlFolder } from './bash.mjs';
import { heard } from './facts.mjs';
import { finished, Program } from './program.mjs';
import { RUNTIME } from './raven.mjs';
import { snippet } from './snippets.mjs';

const GUIDE = readFileSync(new URL('../../../docs/guide/agent-runtime-setup.md', import.meta.url), 'utf8');

/** The commands of "Starting the Runtime", one a line; each is a way of its own. */
const COMMANDS = snippet('bash', '--port 9000')
  .split('\n')
  .filter((line) => line && !line.startsWith('#'));

/** The health check, as it stands in a sentence of "Troubleshooting". */
const HEALTH = GUIDE.match(/`(curl http:\/\/localhost:8765\/api\/health)`/)[1];

let folder, runtime;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'raven-guide-'));
});
afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command of the guide as a reader would, in a home of his own. */
async function start(command, port) {
  const env = {
    ...process.env,
    HOME: folder,
    XDG_DATA_HOME: folder,
    PATH: `${dirname(RUNTIME)}:${process.env.PATH}`,
  };
  if (port) env.RAVEN_RUNTIME_PORT = `${port}`;
  runtime = new Program('bash', ['-c', `exec ${command}`], { env });
  return (await runtime.says(/listening on (http:\/\/\S+)/))[1];
}

/** The port itself when it is free, else any other: somebody's own runtime may be running. */
async function freeOr(port) {
  const server = createServer();
  const free = new Promise((resolve) =>
    server.once('listening', () => resolve(true)).once('error', () => resolve(false)),
  );
  server.listen(port, '127.0.0.1');
  if (!(await free)) return freeOr(0);
  const found = server.address().port;
  server.close();
  await heard(server, 'close');
  return found;
}

const health = async (address, headers = {}) => (await fetch(`${address}/api/health`, { headers })).json();

test('the guide has three ways to start', () => {
  assert.deepEqual(COMMANDS, [
    'raven-runtime start',
    'raven-runtime start --port 9000',
    'raven-runtime start --api-key "sk-your-secret-key"',
  ]);
});

test('start listens on port 8765, and the health check of the guide says so', async () => {
  const port = await freeOr(8765);
  const address = await start(COMMANDS[0], port === 8765 ? undefined : port);
  assert.equal(address, `http://127.0.0.1:${port}`);
  const { status, body } = await curl(HEALTH, curlFolder(folder, { 'localhost:8765': `localhost:${port}` }));
  assert.equal(status, 200);
  assert.equal(body.status, 'ok');
  assert.ok(body.version);
  assert.equal(body.activeAgents, 0);
});

test('start --port listens there', async () => {
  assert.equal(await freeOr(9000), 9000, 'port 9000 must be free: this command of the guide names it');
  assert.equal(await start(COMMANDS[1]), 'http://127.0.0.1:9000');
  assert.equal((await health('http://127.0.0.1:9000')).status, 'ok');
});

test('start --api-key asks every caller for it, and warns that argv can be read', async () => {
  const address = await start(COMMANDS[2], await freeOr(0));
  const bearer = (key) => ({ authorization: `Bearer ${key}` });
  const spawn = (headers) => {
    const body = JSON.stringify({ agentType: 'custom', count: 1, config: { command: ['true'] } });
    return fetch(`${address}/api/spawn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
  };
  assert.equal((await spawn({})).status, 401);
  assert.equal((await spawn(bearer('sk-another-key'))).status, 401);
  assert.equal((await spawn(bearer('sk-your-secret-key'))).status, 201);
  assert.equal((await health(address)).activeAgents, undefined, 'details are for callers with the key');
  assert.equal(typeof (await health(address, bearer('sk-your-secret-key'))).activeAgents, 'number');
  assert.match(runtime.text, /api-key-file/);
  const key = join(folder, 'key');
  writeFileSync(key, 'sk-your-secret-key');
  const data = ['--data-dir', join(folder, 'raven-runtime')];
  const stopped = await finished(RUNTIME, ['stop', '--all', '--api-key-file', key, ...data]);
  assert.equal(stopped.code, 0, stopped.err);
});

test('a port that is taken is one clear line and exit 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await heard(taken, 'listening');
  const port = `${taken.address().port}`;
  const { code, err } = await finished(RUNTIME, ['start', '--port', port, '--data-dir', folder]);
  taken.close();
  assert.equal(code, 1);
  assert.match(err, new RegExp(port));
});
