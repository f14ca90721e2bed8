/**
 * One program in one terminal: watched from its first byte, joined late again and again, and compared.
 *
 * Owns how a late viewer is held against one that saw everything. Must not know any program.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { until } from '../guide/facts.mjs';
import { difference, Terminal } from './xterm.mjs';

/** How long output must stand still to be called still, in milliseconds. */
const STILL = 150;

/** Rows that scrolled off and must be there although a resize has made them fewer. */
const AFTER_RESIZE = 250;

/** A program under test, with its scripted typist. */
export class Session {
  static async start(runtime, command, size, env) {
    const session = new this();
    session.runtime = runtime;
    session.size = size;
    session.agent = await runtime.spawn(command, size, env);
    session.watcher = await runtime.attach(session.agent, { since: 0 });
    session.joins = [];
    session.live = new Replay();
    return session;
  }

  /** The screen of the viewer that saw everything, as far as it has come. */
  async lines() {
    await this.live.follow(this.watcher);
    return this.live.terminal?.lines() ?? [];
  }

  /** Waits until the screen shows a text or matches a pattern. */
  async shows(wanted) {
    const fits = (line) => (wanted instanceof RegExp ? wanted.test(line) : line.includes(wanted));
    let seen = [];
    await until(
      () => `${wanted} on\n${seen.join('\n')}`,
      async () => (seen = await this.lines()).some(fits),
    );
  }

  /** Types; nothing is waited for. */
  type(...keys) {
    for (const key of keys) this.watcher.type(key);
  }

  resize(size) {
    this.watcher.resize(size);
  }

  /** Waits until nothing comes any more. */
  async still() {
    let [seen, since] = [-1, 0];
    await until('output stands still', () => {
      if (this.watcher.offset !== seen) [seen, since] = [this.watcher.offset, Date.now()];
      return Date.now() - since >= STILL;
    });
  }

  /** Waits until that many bytes have come since now, or since the offset. */
  async comes(bytes, from = this.watcher.offset ?? 0) {
    await until(`${bytes} bytes after ${from}`, () => (this.watcher.offset ?? 0) >= from + bytes);
  }

  /** A viewer joins now. */
  async join(name) {
    const stream = await this.runtime.attach(this.agent);
    this.joins.push({ name, stream });
    await stream.painted();
  }

  /**
   * Lets every viewer come to the end, and fails where one differs, when it joined or at the end.
   */
  async compare() {
    await this.still();
    const head = this.watcher.offset;
    const wrong = [];
    let seen = 0;
    for (const { name, stream } of this.joins) {
      await stream.reaches(head);
      seen += await compareOne(this.watcher, stream, head, (what) => wrong.push(`${name}: ${what}`));
    }
    assert.equal(wrong.length, 0, `\n${wrong.join('\n\n')}`);
    return { joins: this.joins.length, comparisons: seen, bytes: head };
  }

  stop() {
    this.joins.forEach(({ stream }) => stream.close());
    this.watcher.close();
  }
}

/**
 * A terminal in which streams are played byte for byte: the agent writes what it is given the name of.
 */
export class Player extends Session {
  /** Plays files of a folder; nothing is told of a file but its name. */
  static async open(runtime, folder, size) {
    // What the terminal answers to questions in the streams comes before the name, and ends in no digit.
    const file = '"$FOLDER/${name##*[!0-9]}"';
    const script = `stty raw -echo; echo ready; while IFS= read -r name; do cat ${file}; done`;
    const player = await Player.start(runtime, ['sh', '-c', script], size, { FOLDER: folder });
    player.folder = folder;
    await player.watcher.until('the player is ready', () => player.watcher.offset >= 'ready\n'.length);
    return player;
  }

  /** Begins to play bytes; answers the offset of their end. */
  begin(bytes) {
    const name = `${(this.#files += 1)}`;
    writeFileSync(join(this.folder, name), bytes);
    this.#end = Math.max(this.#end, this.watcher.offset) + bytes.length;
    this.type(`${name}\n`);
    return this.#end;
  }

  /** Plays bytes to their end. */
  play(bytes) {
    return this.watcher.reaches(this.begin(bytes));
  }

  #files = 0;
  #end = 0;
}

/** Compares at the place of each repaint, and at the end. */
async function compareOne(watcher, stream, head, report) {
  const [late, whole] = [new Replay(), new Replay()];
  const places = stream.steps.flatMap((step, index) => (step.repaint ? [index + 1] : []));
  const resized = new Set(watcher.steps.flatMap(({ size }) => (size ? [size.cols] : []))).size > 1;
  let count = 0;
  for (const end of [...places, stream.steps.length]) {
    await late.follow(stream, { end });
    const offset = Math.min(late.offset, head);
    await whole.follow(watcher, { offset, size: late.size });
    const least = resized ? AFTER_RESIZE : undefined;
    const found = difference(whole.terminal.view(), late.terminal.view(), least);
    if (found) report(`at offset ${offset} of ${head}: ${found}`);
    count += 1;
  }
  return count;
}

/** A terminal that is written what a stream brings. */
export class Replay {
  #next = 0;
  #cut = 0;

  /** Goes on to a number of steps, or to an offset and a size. */
  async follow(stream, { end = stream.steps.length, offset, size } = {}) {
    while (this.#next < end) {
      const step = stream.steps[this.#next];
      if (offset !== undefined && this.offset >= offset && (!step.size || same(this.size, size))) return;
      const whole = await this.#take(step, offset);
      if (!whole) return;
      this.#next += 1;
      this.#cut = 0;
    }
  }

  /** Takes one step, or its part before an offset; whether it is done. */
  async #take({ size, bytes, repaint, offset }, until) {
    if (size) {
      if (!this.terminal) this.terminal = new Terminal(size);
      else if (!same(this.size, size)) this.terminal.resize(size);
      this.size = size;
      this.offset ??= 0;
      return true;
    }
    if (repaint) {
      await this.terminal.write(repaint);
      this.offset = offset;
      return true;
    }
    const stop = until === undefined ? bytes.length : Math.min(bytes.length, until - offset);
    await this.terminal.write(bytes.subarray(this.#cut, stop));
    this.#cut = stop;
    this.offset = offset + stop;
    return stop === bytes.length;
  }
}

const same = (a, b) => Boolean(a && b) && a.cols === b.cols && a.rows === b.rows;
