/**
 * Raven itself: both programs as users start them, and viewers with the official Socket.IO client.
 *
 * Owns its start and its protocol. Must not know what is measured.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SIZE } from '../corpus.mjs';
import { BENCH, need } from '../packages.mjs';
import { output, Server } from '../processes.mjs';
import { Viewer } from '../viewer.mjs';

const { io } = need('socket.io-client');

const PERSON = ['--email', 'bench@example.com', '--name', 'Bench'];

/** Most agents of one spawn call. */
const AT_ONCE = 10;

export async function start({ bin, corpus }) {
  const folder = mkdtempSync(join(tmpdir(), 'raven-bench-'));
  const key = join(folder, 'runtime.key');
  writeFileSync(key, 'sk-runtime-of-the-bench\n', { mode: 0o600 });
  const data = ['--data-dir', join(folder, 'docs')];
  const docsBin = join(bin, 'raven-docs');
  const password = { input: 'correct horse battery staple' };
  await output(docsBin, ['user', 'add', ...PERSON, '--role', 'owner', '--password-stdin', ...data], password);
  const token = (await output(docsBin, ['token', 'create', ...PERSON, ...data])).trim().split('\n').at(-1);
  const docs = new Server(docsBin, ['serve', '--port', '0', ...data]);
  const [, url] = await docs.says(/listening on (http:\/\/\S+)/);
  const runtimeData = ['--data-dir', join(folder, 'runtime'), '--stop-agents-on-exit'];
  const runtime = new Server(join(bin, 'raven-runtime'), [
    ...['start', '--port', '0', '--max-agents', '200', '--api-key-file', key, '--control-plane', url],
    ...runtimeData,
  ]);
  const [, endpoint] = await runtime.says(/listening on (http:\/\/\S+)/);
  const info = { url, token, corpus };
  await call(info, 'PATCH', '/api/workspace/agent-settings', {
    ...{ runtimeEndpoint: endpoint, runtimeAuthType: 'api_key', runtimeApiKey: 'sk-runtime-of-the-bench' },
  });
  return {
    info,
    parts: () => {
      const [daemon, ...hosts] = runtime.pids();
      return { 'control plane': docs.pids(), daemon: [daemon], hosts };
    },
    stop: async () => {
      await runtime.stop();
      await docs.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function call(info, method, path, body) {
  const headers = { authorization: `Bearer ${info.token}`, 'content-type': 'application/json' };
  const response = await fetch(info.url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
  return text && JSON.parse(text);
}

export function connect(info) {
  const sockets = [];

  const spawn = async (program, count) => {
    const command = ['sh', `${BENCH}program.sh`, program, info.corpus];
    const { spawnedAgents } = await call(info, 'POST', '/api/parallax-agents/spawn', {
      agentType: 'custom',
      count,
      config: { command, ...SIZE },
    });
    return spawnedAgents.map((agent) => session(agent.id));
  };

  const session = (agentId) => ({
    view: () => view(agentId),
    /** Bytes of output that are durable in the recording. */
    audited: async () =>
      (await call(info, 'GET', `/api/terminal/agents/${agentId}/session`)).recording?.bytes ?? NaN,
    /** Everything that was recorded, as bytes. */
    recorded: async () => {
      const { id } = await call(info, 'GET', `/api/terminal/agents/${agentId}/session`);
      const path = `/api/terminal/sessions/${id}/recording?format=raw`;
      const response = await fetch(info.url + path, { headers: { authorization: `Bearer ${info.token}` } });
      if (!response.ok) throw new Error(`recording: ${response.status} ${await response.text()}`);
      return Buffer.from(await response.arrayBuffer());
    },
  });

  const socket = () => {
    const options = { auth: { token: info.token }, reconnection: false, forceNew: true };
    const made = io(`${info.url}/terminal`, { ...options, transports: ['websocket'] });
    sockets.push(made);
    return new Promise((resolve, reject) => {
      made.on('connect', () => resolve(made)).on('connect_error', reject);
    });
  };

  const view = async (agentId) => {
    const made = spare.pop() ?? (await socket());
    const viewer = new Viewer({
      write: (text) => made.emit('input', text),
      stall: () => made.io.engine.transport.ws._socket.pause(),
      resume: () => made.io.engine.transport.ws._socket.resume(),
      close: () => made.disconnect(),
    });
    made.on('data', (bytes, { offset, repaint }) => viewer.take(bytes, { offset, repaint }));
    // An agent that is only just being spawned may have no session yet.
    const attach = () => made.emit('attach', { agentId, binary: true });
    made.on('error', ({ code }) => code === 'NOT_FOUND' && setTimeout(attach, 2));
    const attached = new Promise((resolve) => made.once('attached', resolve));
    attach();
    await attached;
    return viewer;
  };

  /** Lets an outside agent in; answers how it calls. */
  const agent = async (permissions) => {
    const { token } = await call(info, 'POST', '/api/parallax-agents/invites', { name: 'bench', permissions });
    const body = { inviteToken: token, agentId: 'bench', agentName: 'bench' };
    const { mcpApiKey } = await call(info, 'POST', '/api/parallax-agents/register', body);
    return (...request) => call({ ...info, token: mcpApiKey }, ...request);
  };

  const spare = [];
  return {
    call: (...request) => call(info, ...request),
    agent,
    open: async (program) => (await spawn(program, 1))[0],
    openMany: async (program, count) => {
      const made = [];
      while (made.length < count)
        made.push(...(await spawn(program, Math.min(AT_ONCE, count - made.length))));
      return made;
    },
    /** Connects ahead, so that only the session's own time is measured. */
    warm: async () => spare.push(await socket()),
    close: () => sockets.forEach((made) => made.disconnect()),
  };
}
