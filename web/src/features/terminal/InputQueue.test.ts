/** Owns the proof that what is typed arrives whole, in order and paced, or is told to be lost. */
import { expect, test } from 'vitest';

import { CHUNK_BYTES, InputQueue, MAX_QUEUED_BYTES, splitText, WINDOW } from './InputQueue';

/** A server that takes chunks only when told to. */
class SlowServer {
  taken: (string | Uint8Array)[] = [];
  #acks: { resolve: () => void; reject: (cause: Error) => void }[] = [];
  send = (chunk: string | Uint8Array) => {
    this.taken.push(chunk);
    return new Promise<void>((resolve, reject) => this.#acks.push({ resolve, reject }));
  };
  get underWay(): number {
    return this.#acks.length;
  }
  async acknowledge(): Promise<void> {
    this.#acks.shift()?.resolve();
    await settled();
  }
  async fail(): Promise<void> {
    this.#acks.shift()?.reject(new Error('gone'));
    await settled();
  }
}

/** Lets everything that is already decided happen. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

test('a paste of 2 MiB goes out whole and in order, a window at a time', async () => {
  const server = new SlowServer();
  const queue = new InputQueue(server.send, () => undefined);
  const paste = Array.from({ length: 2 ** 21 / 16 }, (_, at) => String(at).padStart(15, '0') + '\r').join('');
  expect(queue.push(paste)).toBe('taken');
  queue.push('typed after');
  while (server.underWay > 0) {
    expect(server.underWay).toBeLessThanOrEqual(WINDOW);
    await server.acknowledge();
  }
  expect(server.taken.join('')).toBe(paste + 'typed after');
  expect(queue.pendingBytes).toBe(0);
  for (const chunk of server.taken) expect(bytesOf(chunk as string)).toBeLessThanOrEqual(CHUNK_BYTES);
});

test('no chunk ends inside a character', () => {
  const text = 'a' + '🦉'.repeat(40_000) + '€'.repeat(40_000);
  const chunks = splitText(text);
  expect(chunks.join('')).toBe(text);
  for (const chunk of chunks) {
    expect(bytesOf(chunk)).toBeLessThanOrEqual(CHUNK_BYTES);
    expect(chunk.isWellFormed()).toBe(true);
  }
});

test('bytes stay bytes', async () => {
  const server = new SlowServer();
  const queue = new InputQueue(server.send, () => undefined);
  queue.push(Uint8Array.from([0x1b, 0xff, 0x80]));
  expect(server.taken).toEqual([Uint8Array.from([0x1b, 0xff, 0x80])]);
});

test('what waits when the link is lost is told, and never sent later', async () => {
  const server = new SlowServer();
  const lost: number[] = [];
  const queue = new InputQueue(server.send, (bytes) => lost.push(bytes));
  queue.push('x'.repeat(CHUNK_BYTES * 2));
  await server.fail();
  expect(lost).toEqual([CHUNK_BYTES * 2]);
  const before = server.taken.length;
  await server.acknowledge();
  expect(server.taken).toHaveLength(before);
  queue.push('new');
  expect(server.taken.at(-1)).toBe('new');
});

test('more than the queue holds is refused whole', () => {
  const queue = new InputQueue(new SlowServer().send, () => undefined);
  expect(queue.push(new Uint8Array(MAX_QUEUED_BYTES + 1))).toBe('tooMuch');
  expect(queue.pendingBytes).toBe(0);
});
