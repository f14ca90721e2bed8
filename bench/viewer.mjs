/**
 * One measured viewer, whatever protocol brings its output.
 *
 * Owns counting and waiting for marks in the stream. Must not know sockets.
 */

/** Longest mark, less one: what is kept of a chunk so that a mark cut in two is found. */
const CARRY = 23;

/** Chunks that are kept for who comes to hear a little late. */
const EARLY = 200;

/** A viewer; a product's driver feeds it and fills in `write`, `stall`, `resume` and `close`. */
export class Viewer {
  constructor({ write, stall, resume, close }) {
    Object.assign(this, { write, stall, resume, close });
    /** Bytes for a product that sends bytes, UTF-16 units for one that sends text; repaints do not count. */
    this.units = 0;
    this.chunks = 0;
    this.repaints = 0;
    /** Bytes or units of repaints. */
    this.painted = 0;
    /** Position in the program's output, where the product tells it. */
    this.offset = null;
    /** Called with each chunk from when it is set; what came before is in `missed`. */
    this.hear = null;
    this.firstAt = null;
    this.last = performance.now();
    this.ready = this.sees('@@READY@@');
    this.ready.catch(() => {});
  }

  /** What came while nobody heard, as far as it is little: the beginning of a viewer's stream. */
  missed() {
    return this.#early.splice(0);
  }

  #early = [];
  #carry = '';
  #waits = [];

  /** Takes output: a string or bytes. */
  take(chunk, { repaint = false, offset = null } = {}) {
    this.last = performance.now();
    this.firstAt ??= this.last;
    this.chunks += 1;
    this.offset = offset;
    if (repaint) {
      this.repaints += 1;
      this.painted += chunk.length;
    } else {
      this.units += chunk.length;
    }
    const bytes =
      typeof chunk === 'string' ? null : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const ends = (from, to) => (bytes ? bytes.toString('latin1', from, to) : chunk.slice(from, to));
    for (const wait of [...this.#waits]) {
      const seam = this.#carry + ends(0, CARRY);
      if ((bytes ?? chunk).includes(wait.mark) || seam.includes(wait.mark)) wait.found(this.last);
    }
    this.#carry = (this.#carry + ends(Math.max(0, chunk.length - CARRY), chunk.length)).slice(-CARRY);
    if (this.hear) this.hear(bytes ?? chunk, repaint);
    else if (this.#early.length < EARLY) this.#early.push(bytes ?? chunk);
  }

  /** When the mark was first seen; only what comes from now on counts. */
  sees(mark, limit = 120_000) {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(late);
        this.#waits.splice(this.#waits.indexOf(wait), 1);
      };
      const late = setTimeout(() => {
        done();
        reject(new Error(`no ${mark} within ${limit / 1000} s`));
      }, limit);
      const wait = {
        mark,
        found: (time) => {
          done();
          resolve(time);
        },
      };
      this.#waits.push(wait);
    });
  }
}
