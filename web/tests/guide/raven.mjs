/**
 * A whole Raven for one test file: both real programs on free ports, with folders of their own.
 *
 * Owns its start, its first user, its end. Must not know the guide.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { io } from 'socket.io-client';

import { until } from './facts.mjs';
import { finished, Program } from './program.mjs';

const built = (name) => fileURLToPath(new URL(`../../../target/debug/${name}`, import.meta.url));

/** The programs under test. */
export const DOCS = process.env.RAVEN_DOCS_BIN ?? built('raven-docs');
export const RUNTIME = process.env.RAVEN_RUNTIME_BIN ?? built('raven-runtime');

/** Who owns the workspace. */
export const OWNER = { email: 'ada@example.com', password: 'correct horse battery staple' };

const PERSON = ['--email', OWNER.email, '--name', 'Ada'];

/** Both programs, a user who owns the workspace, and her token. */
export class Raven {
  /** Starts everything, or all but the runtime; `agents` are stand-ins for agents' programs, name to shell script. */
  static async start({ runtime = true, agents = {} } = {}) {
    const raven = new Raven();
    try {
      await raven.#begin();
      if (runtime) await raven.#beginRuntime(agents);
    } catch (error) {
      await raven.stop().catch(() => {});
      throw error;
    }
    return raven;
  }

  async #begin() {
    this.folder = mkdtempSync(join(tmpdir(), 'raven-guide-'));
    this.key = 'sk-runtime-of-the-guide-tests';
    this.keyFile = join(this.folder, 'runtime.key');
    writeFileSync(this.keyFile, `${this.key}\n`, { mode: 0o600 });
    const data = ['--data-dir', join(this.folder, 'docs')];
    await this.#succeed(
      ['user', 'add', ...PERSON, '--role', 'owner', '--password-stdin', ...data],
      OWNER.password,
    );
    const made = await this.#succeed(['token', 'create', ...PERSON, ...data]);
    this.token = made.trim().split('\n').at(-1);
    this.docs = new Program(DOCS, ['serve', '--port', '0', ...data]);
    this.url = (await this.docs.says(/listening on (http:\/\/\S+)/))[1];
    this.me = await this.get('/api/auth/me');
  }

  async #beginRuntime(agents) {
    const key = ['--api-key-file', this.keyFile];
    const runtimeData = ['--data-dir', join(this.folder, 'runtime'), '--stop-agents-on-exit'];
    const env = { ...process.env, PATH: `${this.#standIns(agents)}:${process.env.PATH}`, HOME: this.folder };
    this.runtime = new Program(RUNTIME, ['start', '--port', '0', ...key, ...runtimeData], { env });
    this.runtimeUrl = (await this.runtime.says(/listening on (http:\/\/\S+)/))[1];
    const settings = {
      runtimeEndpoint: this.runtimeUrl,
      runtimeAuthType: 'api_key',
      runtimeApiKey: this.key,
    };
    await this.call('PATCH', '/api/workspace/agent-settings', settings);
  }

  /** A folder for the search path with a script for each agent's program. */
  #standIns(agents) {
    const folder = join(this.folder, 'bin');
    mkdirSync(folder);
    for (const [name, script] of Object.entries(agents)) {
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    return folder;
  }

  async #succeed(args, input) {
    const { code, out, err } = await finished(DOCS, args, { input });
    assert.equal(code, 0, `raven-docs ${args.join(' ')}: ${err}`);
    return out;
  }

  /** Calls the API; answers the body, and fails on an answer that is not a success. */
  async call(method, path, body) {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text && JSON.parse(text);
  }

  get(path) {
    return this.call('GET', path);
  }

  /** Spawns one agent that runs a shell script, and waits until it is ready. */
  async shell(script = 'exec sh -i') {
    const config = { command: ['sh', '-c', script] };
    const { spawnedAgents } = await this.call('POST', '/api/parallax-agents/spawn', {
      agentType: 'custom',
      config,
    });
    return this.status(spawnedAgents[0].id, 'ready');
  }

  /** The agent, once it has this status. */
  status(id, wanted) {
    return until(`agent ${id} is ${wanted}`, async () => {
      const agent = await this.get(`/api/parallax-agents/${id}`);
      return agent.status === wanted && agent;
    });
  }

  /** The official client on a namespace, with her token unless other credentials are given. */
  connect(namespace, options = {}) {
    const socket = io(this.url + namespace, { auth: { token: this.token }, reconnection: false, ...options });
    this.#sockets.push(socket);
    return socket;
  }

  #sockets = [];

  /** Ends everything, and fails when something is left of it. */
  async stop() {
    this.#sockets.forEach((socket) => socket.disconnect());
    await this.runtime?.stop();
    await this.docs?.stop();
    const folder = this.folder;
    await until(
      () => `nothing runs in ${folder}, but: ${processesIn(folder)}`,
      () => processesIn(folder).length === 0,
    );
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Processes whose command line or working folder names a folder; empty where there is no /proc. */
function processesIn(folder) {
  const quietly = (read) => {
    try {
      return read();
    } catch {
      return '';
    }
  };
  const pids = quietly(() => readdirSync('/proc').filter((name) => /^\d+$/.test(name))) || [];
  return pids.filter((pid) => quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).includes(folder));
}
