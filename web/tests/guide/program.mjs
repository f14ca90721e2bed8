/**
 * One started program: its lines, its end.
 *
 * Owns starting and ending it without leaving anything behind. Must not know which program it is.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { until } from './facts.mjs';

/** How long a program may take to end when asked, in milliseconds; it ends its agents first. */
const STOP_LIMIT = 20_000;

/** A program that runs until it is stopped; everything it writes is kept, as far as a test needs it. */
export class Program {
  constructor(command, args, options = {}) {
    this.name = [command, ...args].join(' ');
    this.text = '';
    this.child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    this.ended = once(this.child, 'exit').catch((error) => [`${error}`]);
    this.running = true;
    this.ended.then(() => (this.running = false));
    for (const pipe of [this.child.stdout, this.child.stderr]) {
      pipe.setEncoding('utf8').on('data', (text) => (this.text += text));
    }
  }

  /** The first match in what it wrote; an end without one is an error with its last words. */
  async says(pattern) {
    return until(
      () => `${pattern} from ${this.name}, which said:\n${this.text.slice(-2000)}`,
      () => {
        const match = this.text.match(pattern);
        if (!match && !this.running)
          throw new Error(`${this.name} ended and said:\n${this.text.slice(-2000)}`);
        return match;
      },
    );
  }

  /** Asks it to end, and ends it when it does not. */
  async stop() {
    if (!this.running) return;
    this.child.kill('SIGTERM');
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_LIMIT);
    await this.ended;
    clearTimeout(late);
  }
}

/** Runs a program to its end, and answers `{code, out, err}`. */
export async function finished(command, args, { input = '', ...options } = {}) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], ...options });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  child.stdin.on('error', () => {}).end(input);
  const [code] = await once(child, 'close');
  return { code, out, err };
}
