/** Owns the wire to one terminal: attach, resume, input, acknowledgements. Must not know the emulator or React. */
import type { Socket } from 'socket.io-client';

import type { TerminalStatus } from '../../api/shapes';
import type { Viewer, Writer } from './seats';

// How long an acknowledgement may take before the round trip counts as lost.
const ACK_TIMEOUT_MS = 20_000;

export interface Attached {
  sessionId: string;
  agentId: string;
  status: TerminalStatus;
  cols: number;
  rows: number;
  role: 'writer' | 'viewer';
  offset: number;
  /** This viewer's own id in the session. */
  seat: number;
  mayWrite: boolean;
  mayTake: boolean;
  /** What is shown, for one who came by a link and knows nothing else of it. */
  title?: string | null;
  link?: { label: string | null; expiresAt: string } | null;
}

/** What a viewer may ask about the right to type. */
export type Order =
  { action: 'request' | 'take' | 'release' } | { action: 'grant' | 'decline'; seat: number };

/** Which terminal: an agent's, or the one that a read-only link leads to. */
export type Target = { agentId: string } | { link: string };

export interface LinkListener {
  attached(session: Attached): void;
  output(bytes: Uint8Array | string, isRepaint: boolean): void;
  status(status: TerminalStatus): void;
  size(cols: number, rows: number): void;
  writer(writer: Writer): void;
  viewers(viewers: Viewer[]): void;
  refused(code: string, message: string): void;
  detached(): void;
  lost(): void;
  roundTrip(milliseconds: number): void;
}

/** What the link needs of a socket; `io('/terminal')` is one. */
export type TerminalSocket = Pick<
  Socket,
  'on' | 'emit' | 'timeout' | 'connected' | 'connect' | 'disconnect' | 'removeAllListeners'
>;

export class TerminalLink {
  #offset: number | undefined;
  #isAttached = false;

  constructor(
    private readonly socket: TerminalSocket,
    private readonly target: Target,
    private readonly listener: LinkListener,
  ) {
    socket.on('connect', () => this.#attach());
    socket.on('disconnect', (reason: string) => {
      this.#lost();
      // The client comes back by itself from everything but this: a server that ends, or a credential that did.
      if (reason === 'io server disconnect') socket.connect();
    });
    socket.on('connect_error', (error: Error) => {
      // A refusal is a word in capitals; anything else is a network that fails.
      if (/^[A-Z_]+$/.test(error.message)) listener.refused(error.message, '');
      else this.#lost();
    });
    socket.on('attached', (session: Attached) => {
      this.#isAttached = true;
      listener.attached(session);
    });
    socket.on('data', (payload: ArrayBuffer | string, meta?: DataMeta) => this.#data(payload, meta));
    socket.on('status', (change: { status: TerminalStatus }) => listener.status(change.status));
    socket.on('size', ({ cols, rows }: { cols: number; rows: number }) => listener.size(cols, rows));
    socket.on('writer', (writer: Writer) => listener.writer(writer));
    socket.on('viewers', (viewers: Viewer[]) => listener.viewers(viewers));
    socket.on('error', ({ code, message }: { code: string; message: string }) =>
      listener.refused(code, message),
    );
    socket.on('detached', () => {
      this.#isAttached = false;
      listener.detached();
    });
    if (socket.connected) this.#attach();
  }

  get isAttached(): boolean {
    return this.#isAttached;
  }

  /** Sends a chunk; resolves when the server has taken it. */
  input(chunk: string | Uint8Array): Promise<void> {
    if (!this.#isAttached) return Promise.reject(new Error('not attached'));
    const sent = performance.now();
    return new Promise((resolve, reject) => {
      this.socket
        .timeout(ACK_TIMEOUT_MS)
        .emit('input', chunk, (late: Error | null, ack?: Acknowledgement) => {
          if (late) return reject(late);
          if (ack?.error) return reject(new Refused(ack.error.code, ack.error.message));
          this.listener.roundTrip(performance.now() - sent);
          resolve();
        });
    });
  }

  /** Asks, takes, gives up, grants or declines; rejects with the server's refusal. */
  control(order: Order): Promise<void> {
    if (!this.#isAttached) return Promise.reject(new Error('not attached'));
    return new Promise((resolve, reject) => {
      this.socket
        .timeout(ACK_TIMEOUT_MS)
        .emit('control', order, (late: Error | null, ack?: Acknowledgement) => {
          if (late) return reject(late);
          if (ack?.error) return reject(new Refused(ack.error.code, ack.error.message));
          resolve();
        });
    });
  }

  /** Tells the writer's size; the server ignores anybody else's. */
  resize(cols: number, rows: number): void {
    if (this.#isAttached) this.socket.emit('resize', { cols, rows });
  }

  /** Asks for the whole screen anew, for one who fell too far behind. */
  repaint(): void {
    this.forgetPosition();
    if (this.socket.connected) this.#attach();
  }

  /** What was shown so far is not to be continued: the next attach gets the whole screen. */
  forgetPosition(): void {
    this.#offset = undefined;
  }

  close(): void {
    this.socket.removeAllListeners();
    if (this.socket.connected) this.socket.emit('detach');
    this.socket.disconnect();
  }

  #attach(): void {
    const since = this.#offset === undefined ? {} : { since: this.#offset };
    // A link leads to one session, and the server knows which.
    const what = 'agentId' in this.target ? { agentId: this.target.agentId } : {};
    this.socket.emit('attach', { ...what, binary: true, ...since });
  }

  #lost(): void {
    this.#isAttached = false;
    this.listener.lost();
  }

  #data(payload: ArrayBuffer | string, meta?: DataMeta): void {
    if (meta) this.#offset = meta.offset;
    const bytes = typeof payload === 'string' ? payload : new Uint8Array(payload);
    this.listener.output(bytes, meta?.repaint === true);
  }
}

/** The server refused an input or an order. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

interface Acknowledgement {
  ok: boolean;
  error?: { code: string; message: string } | null;
}

interface DataMeta {
  offset: number;
  repaint?: boolean;
}
