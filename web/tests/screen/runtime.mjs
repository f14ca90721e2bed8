/**
 * A real runtime for one test file, and the terminals of its agents by `raven.terminal.v1`.
 *
 * Owns start, end and the wire. Must not know what is compared.
 */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import WebSocket from 'ws';

import { heard } from '../guide/facts.mjs';
import { Program } from '../guide/program.mjs';

const BUILT = fileURLToPath(new URL('../../../target/debug/raven-runtime', import.meta.url));
const RUNTIME = process.env.RAVEN_RUNTIME_BIN ?? BUILT;

/** Kinds of binary frames. */
const OUTPUT = 0x01;
const REPAINT = 0x02;
const INPUT = 0x10;

/** The kind and the offset before the bytes. */
const HEADER = 9;

/** The daemon. */
export class Runtime {
  static async start() {
    const runtime = new Runtime();
    runtime.folder = mkdtempSync(join(tmpdir(), 'raven-screen-'));
    const data = ['--data-dir', join(runtime.folder, 'data'), '--stop-agents-on-exit'];
    runtime.program = new Program(RUNTIME, ['start', '--port', '0', ...data]);
    runtime.url = (await runtime.program.says(/listening on (http:\/\/\S+)/))[1];
    return runtime;
  }

  /** Spawns an agent that runs a program in a terminal of this size; answers its id. */
  async spawn(command, { cols, rows }, env = {}) {
    const config = { command, cols, rows, env };
    const response = await fetch(`${this.url}/api/spawn`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ agentType: 'custom', count: 1, config }),
    });
    const text = await response.text();
    assert.equal(response.status, 201, text);
    return JSON.parse(text).agents[0].id;
  }

  /** Attaches to an agent's terminal: from the beginning, or late. */
  async attach(agent, { since } = {}) {
    const query = since === undefined ? '' : `?since=${since}`;
    const address = `${this.url.replace('http', 'ws')}/ws/agents/${agent}/terminal${query}`;
    const stream = new Stream(new WebSocket(address, 'raven.terminal.v1'));
    await stream.opened;
    return stream;
  }

  async stop() {
    await this.program?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * One client's stream. `steps` has everything that came, in order: `{size}`, `{repaint, offset}` or
 * `{bytes, offset}`; offsets are of the first byte.
 */
export class Stream {
  constructor(socket) {
    this.socket = socket;
    this.steps = [];
    this.offset = undefined;
    this.typed = 0;
    this.told = new EventEmitter();
    socket.on('message', (data, binary) => {
      if (binary) this.#frame(data);
      else this.#control(JSON.parse(data));
      this.told.emit('step');
    });
    this.opened = heard(socket, 'open');
  }

  #control(message) {
    if (message.type === 'hello' || message.type === 'size') {
      const { cols, rows } = message;
      this.steps.push({ size: { cols, rows } });
    }
    if (message.type === 'exit') this.exited = true;
  }

  #frame(data) {
    const offset = Number(data.readBigUInt64BE(1));
    const bytes = data.subarray(HEADER);
    if (data[0] === REPAINT) {
      this.steps.push({ repaint: bytes, offset });
      this.offset = offset;
      return;
    }
    assert.equal(data[0], OUTPUT);
    if (this.offset !== undefined) assert.equal(offset, this.offset, 'neither gap nor overlap');
    this.steps.push({ bytes, offset });
    this.offset = offset + bytes.length;
  }

  /** Types. */
  type(text) {
    const bytes = Buffer.from(text);
    const header = Buffer.alloc(HEADER);
    header[0] = INPUT;
    header.writeBigUInt64BE(BigInt(this.typed), 1);
    this.typed += bytes.length;
    this.socket.send(Buffer.concat([header, bytes]));
  }

  resize({ cols, rows }) {
    this.socket.send(JSON.stringify({ type: 'resize', cols, rows }));
  }

  /** Waits for a fact about the stream, looking at it after each message. */
  async until(what, fact) {
    while (!fact()) {
      await heard(this.told, 'step').catch((late) => assert.fail(`${late.message}: ${what}`));
    }
  }

  /** Waits until the stream has come to an offset. */
  reaches(offset) {
    return this.until(`offset ${offset}`, () => this.offset >= offset);
  }

  /** Waits for the first repaint. */
  painted() {
    return this.until('a repaint', () => this.steps.some(({ repaint }) => repaint));
  }

  close() {
    this.socket.close();
  }
}
