/** Owns the way of output into the emulator: in order, and bounded. Must not know the wire. */

// Output that waits to be parsed; beyond it the screen is asked for anew instead of queueing more.
export const MAX_UNPARSED_BYTES = 8 * 1024 * 1024;

// RIS. In the stream it resets the emulator between what came before and what follows,
// which a call of `reset()` could not: output that still waits would be parsed after it.
const RESET = '\x1bc';

/** What the flow needs of an emulator; xterm.js's `Terminal` is one. */
export interface Sink {
  write(data: string | Uint8Array, parsed?: () => void): void;
}

export class OutputFlow {
  #unparsed = 0;
  #isBehind = false;

  constructor(
    private readonly sink: Sink,
    private readonly askRepaint: () => void,
  ) {}

  write(bytes: Uint8Array | string, isRepaint: boolean): void {
    if (isRepaint) {
      this.#isBehind = false;
      this.sink.write(RESET);
    } else if (this.#isBehind) {
      return; // a repaint is on its way; it contains this
    }
    if (bytes.length === 0) return;
    const size = bytes.length;
    this.#unparsed += size;
    this.sink.write(bytes, () => {
      this.#unparsed -= size;
    });
    if (this.#unparsed > MAX_UNPARSED_BYTES && !isRepaint) {
      this.#isBehind = true;
      this.sink.write('', this.askRepaint);
    }
  }

  /** Runs `act` once everything that was written before is on the screen. */
  afterwards(act: () => void): void {
    this.sink.write('', act);
  }

  /** Whether output was left out, so that only a repaint can follow. */
  get isBehind(): boolean {
    return this.#isBehind;
  }
}
