/**
 * Measured processes: started with a hard time limit, ended by their number, and what they used.
 *
 * Owns `/proc`. Must not know which program is measured.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** No measured process lives longer, in seconds: the longest row of one product is over by then. */
const LIMIT = 960;

/** How long a program may take to end when asked, in milliseconds. */
const STOP_LIMIT = 15_000;

/** Clock ticks of `/proc/PID/stat` per second: 100 on every Linux that we know. */
const TICKS = 100;

const started = new Set();

/** A program that runs until it is stopped, under `timeout`, so that it ends even when we do not. */
export class Server {
  constructor(command, args, options = {}) {
    this.text = '';
    this.name = basename(command);
    const { keepQuiet, ...rest } = options;
    const stdio = ['ignore', keepQuiet ? 'ignore' : 'pipe', keepQuiet ? 'ignore' : 'pipe'];
    this.child = spawn('timeout', ['-k', '5', `${LIMIT}`, command, ...args], { stdio, ...rest });
    this.ended = once(this.child, 'exit').catch((error) => [`${error}`]);
    this.running = true;
    this.ended.then(() => {
      this.running = false;
      started.delete(this);
    });
    for (const pipe of [this.child.stdout, this.child.stderr]) {
      pipe?.setEncoding('utf8').on('data', (text) => (this.text = (this.text + text).slice(-20_000)));
    }
    started.add(this);
  }

  /** The first match in what it writes. */
  async says(pattern, limit = 30_000) {
    return until(`${pattern} from ${this.name}`, limit, () => {
      const match = this.text.match(pattern);
      if (!match && !this.running) throw new Error(`${this.name} ended and said:\n${this.text.slice(-1500)}`);
      return match;
    }).catch((error) => {
      throw new Error(`${error.message}\n${this.text.slice(-1500)}`);
    });
  }

  /** Its processes: those below `timeout` that run one of the named programs; its own without names. */
  pids(names = [this.name]) {
    return tree(this.child.pid).filter((pid) => names.includes(program(pid)));
  }

  async stop() {
    if (!this.running) return;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => {
      for (const pid of [...tree(this.child.pid), this.child.pid]) end(pid);
    }, STOP_LIMIT);
    await this.ended;
    clearTimeout(late);
  }
}

/** Ends everything that was started here and still runs. */
export async function stopAll() {
  await Promise.all([...started].map((server) => server.stop()));
}

function end(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Runs a program to its end and answers its output. */
export async function output(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: LIMIT * 1000, ...options });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  child.stdin.on('error', () => {}).end(options.input ?? '');
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed (${code}): ${err.slice(-1500)}`);
  return out;
}

/** The first truthy answer of a question asked again and again. */
export async function until(what, limit, ask) {
  const deadline = performance.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`not within ${limit / 1000} s: ${what}`);
    await pause(10);
  }
}

/** Waits so long, or until the signal. */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A process and all below it that live. */
export function tree(root) {
  const children = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = fields(name)?.[1];
    if (parent) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const found = [root];
  for (let next = 0; next < found.length; next++) found.push(...(children.get(`${found[next]}`) ?? []));
  return found;
}

function program(pid) {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    return '';
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The fields of `/proc/PID/stat` after the name, which may hold anything. */
function fields(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return stat && stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Processor seconds that processes have used, in user and kernel mode. */
export function cpuSeconds(pids) {
  const ticks = pids.map((pid) => fields(pid)).filter(Boolean);
  return ticks.reduce((sum, stat) => sum + Number(stat[11]) + Number(stat[12]), 0) / TICKS;
}

/** The scheduler's own count, exact to the nanosecond, of each thread: for the idle. Processor seconds by thread. */
export function threadSeconds(pids) {
  const used = new Map();
  for (const pid of pids) {
    for (const path of threads(pid)) used.set(path, Number(read(`${path}/schedstat`).split(' ')[0]) / 1e9);
  }
  return used;
}

/** What threads have used since; what one that has ended used meanwhile is lost. */
export function secondsSince(before, pids) {
  let sum = 0;
  for (const [thread, now] of threadSeconds(pids)) sum += now - (before.get(thread) ?? 0);
  return sum;
}

function threads(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}`);
  } catch {
    return [];
  }
}

const kib = (text, names) =>
  [...text.matchAll(/^(\w+):\s+(\d+) kB/gm)].reduce(
    (sum, [, name, value]) => sum + (names.includes(name) ? Number(value) : 0),
    0,
  );

/** KiB that belong to these processes alone. */
export function privateKib(pids) {
  const all = ['Private_Clean', 'Private_Dirty', 'Private_Hugetlb'];
  return pids.reduce((sum, pid) => sum + kib(read(`/proc/${pid}/smaps_rollup`), all), 0);
}

/** KiB of heap and stacks, cheap enough to be asked often. */
export function anonymousKib(pids) {
  return pids.reduce((sum, pid) => sum + kib(read(`/proc/${pid}/status`), ['RssAnon']), 0);
}

/** The middle of some numbers. */
export function median(values) {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  return sorted.length ? sorted[Math.floor((sorted.length - 1) / 2)] : null;
}

/** The value that this share of the numbers does not exceed. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] : null;
}
