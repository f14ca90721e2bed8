/** Owns starting the two programs on free ports and ending them without leaving anything. Must not know pages. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { Wire } from './wire';
import { promisify } from 'node:util';

const BINARIES = resolve(import.meta.dirname, '../../../target/debug');
const DOCS = process.env.RAVEN_DOCS_BIN ?? join(BINARIES, 'raven-docs');
const RUNTIME = process.env.RAVEN_RUNTIME_BIN ?? join(BINARIES, 'raven-runtime');

// A cold start of a debug build on a busy machine.
const START_DEADLINE_MS = 30_000;
// A graceful end, agents included; after it the test fails and the program is killed.
const STOP_DEADLINE_MS = 20_000;

export const API_KEY = 'sk-browser-test-7f3a9c';

type Environment = Record<string, string>;

/** A program of ours that runs; what it printed first is parsed into `facts`. */
export class Program {
  private constructor(
    readonly child: ChildProcess,
    readonly facts: Record<string, string>,
    private readonly log: string[],
  ) {}

  /** Resolves when stdout has said every fact; a fact is the first group of its pattern. */
  static async start(
    binary: string,
    argv: string[],
    patterns: Record<string, RegExp>,
    env: Environment = {},
  ): Promise<Program> {
    const child = spawn(binary, argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...cleanEnv(), ...env } });
    const log: string[] = [];
    const facts: Record<string, string> = {};
    createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
    const lines = createInterface({ input: child.stdout });
    const started = new Promise<void>((done, failed) => {
      const late = setTimeout(() => failed(new Error('it did not start in time')), START_DEADLINE_MS);
      child.once('error', failed);
      child.once('exit', (code) => failed(new Error(`it ended with status ${code}`)));
      lines.on('line', (line) => {
        log.push(line);
        for (const [name, pattern] of Object.entries(patterns)) {
          const found = pattern.exec(line)?.[1];
          if (found) facts[name] = found;
        }
        if (Object.keys(patterns).every((name) => name in facts)) {
          clearTimeout(late);
          done();
        }
      });
    });
    try {
      await started;
    } catch (cause) {
      child.kill('SIGKILL');
      throw new Error(`${binary} ${argv[0]}: ${String(cause)}\n${log.join('\n')}`, { cause });
    }
    return new Program(child, facts, log);
  }

  fact(name: string): string {
    return this.facts[name] ?? '';
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  async ended(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'exit');
  }

  /** Ends it as Ctrl-C does. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const killed = setTimeout(() => this.child.kill('SIGKILL'), STOP_DEADLINE_MS);
    this.child.kill('SIGINT');
    await this.ended();
    clearTimeout(killed);
    if (this.child.signalCode === 'SIGKILL')
      throw new Error(`it did not end:\n${this.log.slice(-40).join('\n')}`);
  }
}

/** Both programs, in folders of their own. */
export class Stack {
  private constructor(
    readonly folder: string,
    public docs: Program,
    public runtime: Program,
    /** A second way to the server, which can be cut. */
    readonly wire: Wire,
    private readonly runtimeEnv: Environment,
  ) {}

  /**
   * `prepare` may put into the folder of the runtime what shall be there when it starts; `runtimeEnv` is laid
   * over the environment that the runtime gets.
   */
  static async start(
    prepare?: (runtimeFolder: string) => Promise<void>,
    runtimeEnv: Environment = {},
  ): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), 'raven-browser-'));
    const key = join(folder, 'runtime.key');
    await writeFile(key, API_KEY, { mode: 0o600 });
    await prepare?.(join(folder, 'runtime'));
    const port = await freePort();
    const wire = await Wire.listen();
    const endpoint = `http://127.0.0.1:${port}`;
    const docs = await startDocs(folder, 0, ['--runtime-endpoint', endpoint, '--public-url', wire.url], {
      code: /setup code: (\S+)/,
    });
    try {
      wire.leadTo(docs.fact('url'));
      const runtime = await startRuntime(folder, port, docs.fact('url'), runtimeEnv);
      return new Stack(folder, docs, runtime, wire, runtimeEnv);
    } catch (cause) {
      await docs.stop();
      await wire.close();
      throw cause;
    }
  }

  get url(): string {
    return this.docs.fact('url');
  }

  get endpoint(): string {
    return this.runtime.fact('url');
  }

  /** What the whole audit log says, the server's own chain too. */
  async audited(): Promise<string> {
    const argv = ['audit', 'export', '--data-dir', join(this.folder, 'docs')];
    const { stdout } = await promisify(execFile)(DOCS, argv, {
      env: cleanEnv(),
      maxBuffer: 16 * 1024 * 1024,
    });
    return stdout;
  }

  /** Makes an account beside the owner's, as an operator does. */
  async addPerson(person: { email: string; name: string; password: string; role: string }): Promise<void> {
    const argv = ['user', 'add', '--email', person.email, '--name', person.name, '--role', person.role];
    argv.push('--password-stdin', '--data-dir', join(this.folder, 'docs'));
    const adding = spawn(DOCS, argv, { stdio: ['pipe', 'ignore', 'ignore'], env: cleanEnv() });
    adding.stdin.end(person.password);
    const [code] = (await once(adding, 'exit')) as [number | null];
    if (code !== 0) throw new Error(`user add ended with status ${code}`);
  }

  /** Ends the control plane as an operator does, and starts it again where it was. */
  async restartDocs(): Promise<void> {
    await this.docs.stop();
    const port = Number(new URL(this.url).port);
    this.docs = await startDocs(this.folder, port, ['--public-url', this.wire.url], {});
  }

  /** Starts the runtime again where it was. */
  async restartRuntime(): Promise<void> {
    const port = Number(new URL(this.endpoint).port);
    this.runtime = await startRuntime(this.folder, port, this.url, this.runtimeEnv);
  }

  async stop(): Promise<void> {
    try {
      await this.runtime.stop();
    } finally {
      await this.docs.stop();
      await this.wire.close();
      await rm(this.folder, { recursive: true, force: true });
    }
  }
}

function startDocs(
  folder: string,
  port: number,
  more: string[],
  patterns: Record<string, RegExp>,
): Promise<Program> {
  const argv = ['serve', '--port', String(port), '--data-dir', join(folder, 'docs')];
  argv.push('--runtime-api-key-file', join(folder, 'runtime.key'), ...more);
  return Program.start(DOCS, argv, { url: /listening on (http:\S+)/, ...patterns });
}

function startRuntime(
  folder: string,
  port: number,
  controlPlane: string,
  env: Environment,
): Promise<Program> {
  const argv = ['start', '--port', String(port), '--data-dir', join(folder, 'runtime')];
  argv.push(
    '--api-key-file',
    join(folder, 'runtime.key'),
    '--control-plane',
    controlPlane,
    '--stop-agents-on-exit',
  );
  return Program.start(RUNTIME, argv, { url: /listening on (http:\S+)/ }, env);
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net');
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** The shell that agents get must not depend on who runs the tests. */
function cleanEnv(): NodeJS.ProcessEnv {
  const { PATH, HOME, LANG } = process.env;
  return { PATH, HOME, LANG: LANG ?? 'C.UTF-8', SHELL: '/bin/bash' };
}

/** Ids of the processes that carry the marker in their environment or arguments. */
export async function processesWith(marker: string): Promise<number[]> {
  const entries = (await readdir('/proc')).filter(
    (entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid,
  );
  const found = await Promise.all(entries.map((entry) => carries(entry, marker)));
  return entries.filter((_, at) => found[at]).map(Number);
}

async function carries(pid: string, marker: string): Promise<boolean> {
  const texts = await Promise.allSettled(
    ['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1')),
  );
  return texts.some((text) => text.status === 'fulfilled' && text.value.includes(marker));
}
