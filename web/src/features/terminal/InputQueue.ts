/** Owns the order and pace of what is typed: chunks, acknowledged before more follow. Must not know sockets. */

// Largest chunk of one message, in bytes; a frame to the runtime carries no more.
export const CHUNK_BYTES = 64 * 1024;
// Chunks under way at once: enough to hide a round trip, few enough to stop soon.
export const WINDOW = 4;
// Most bytes that wait here; a paste beyond it is refused whole rather than cut.
export const MAX_QUEUED_BYTES = 16 * 1024 * 1024;

/** Sends one chunk; resolves when the server has taken it, rejects when the link is gone. */
export type Send = (chunk: string | Uint8Array) => Promise<void>;

export type Pushed = 'taken' | 'tooMuch';

export class InputQueue {
  #waiting: (string | Uint8Array)[] = [];
  #queuedBytes = 0;
  #underWay = 0;
  #generation = 0;

  constructor(
    private readonly send: Send,
    private readonly onLost: (bytes: number) => void,
  ) {}

  /** Bytes that were typed and not yet acknowledged. */
  get pendingBytes(): number {
    return this.#queuedBytes;
  }

  push(input: string | Uint8Array): Pushed {
    const chunks = typeof input === 'string' ? splitText(input) : splitBytes(input);
    const size = chunks.reduce((sum, chunk) => sum + sizeOf(chunk), 0);
    if (this.#queuedBytes + size > MAX_QUEUED_BYTES) return 'tooMuch';
    this.#queuedBytes += size;
    this.#waiting.push(...chunks);
    this.#pump();
    return 'taken';
  }

  /** The link is gone: what waits is never sent later, into a screen that has changed meanwhile. */
  drop(): void {
    const lost = this.#queuedBytes;
    this.forget();
    if (lost > 0) this.onLost(lost);
  }

  /** Empties the queue without a word, when somebody else says why. */
  forget(): void {
    this.#generation += 1;
    this.#waiting = [];
    this.#queuedBytes = 0;
    this.#underWay = 0;
  }

  #pump(): void {
    while (this.#underWay < WINDOW) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) return;
      this.#underWay += 1;
      void this.#deliver(chunk, this.#generation);
    }
  }

  async #deliver(chunk: string | Uint8Array, generation: number): Promise<void> {
    try {
      await this.send(chunk);
    } catch {
      if (generation === this.#generation) this.drop();
      return;
    }
    if (generation !== this.#generation) return;
    this.#underWay -= 1;
    this.#queuedBytes -= sizeOf(chunk);
    this.#pump();
  }
}

const encoder = new TextEncoder();

function sizeOf(chunk: string | Uint8Array): number {
  return typeof chunk === 'string' ? encoder.encode(chunk).length : chunk.length;
}

/** Cuts a text into chunks of at most {@link CHUNK_BYTES} in UTF-8, never inside a character. */
export function splitText(text: string): string[] {
  // A UTF-16 unit is at most three bytes of UTF-8, so short texts need no measuring.
  if (text.length * 3 <= CHUNK_BYTES) return text === '' ? [] : [text];
  const chunks: string[] = [];
  const units = Math.floor(CHUNK_BYTES / 3);
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + units);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
    chunks.push(text.slice(at, end));
    at = end;
  }
  return chunks;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function splitBytes(bytes: Uint8Array): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.subarray(at, at + CHUNK_BYTES));
  return chunks;
}
