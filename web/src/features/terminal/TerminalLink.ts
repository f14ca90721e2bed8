/** Owns the wire to one terminal: attach, resume, input, acknowledgements. Must not know the emulator or React. */
import type { Socket } from 'socket.io-client';

import type { TerminalStatus } from '../../api/shapes';

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
}

export interface Viewer {
  id: string;
  name: string;
  role: 'writer' | 'viewer';
}

export interface LinkListener {
  attached(session: Attached): void;
  output(bytes: Uint8Array | string, isRepaint: boolean): void;
  status(status: TerminalStatus): void;
  size(cols: number, rows: number): void;
  writer(writer: { user: { id: string; name: string } | null; you: boolean }): void;
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
    private readonly agentId: string,
    private readonly listener: LinkListener,
  ) {
    socket.on('connect', () => this.#attach());
    socket.on('disconnect', (reason: string) => {
      this.#lost();
      // The client comes back by itself from everything but this: a server that ends, or a credential that did.
      if (reason === 'io server disconnect') socket.connect();
    });
    socket.on('connect_error', (error: Error) => {
      if (error.message === 'UNAUTHENTICATED') listener.refused('UNAUTHENTICATED', error.message);
      else this.#lost();
    });
    socket.on('attached', (session: Attached) => {
      this.#isAttached = true;
      listener.attached(session);
    });
    socket.on('data', (payload: ArrayBuffer | string, meta?: DataMeta) => this.#data(payload, meta));
    socket.on('status', (change: { status: TerminalStatus }) => listener.status(change.status));
    socket.on('size', ({ cols, rows }: { cols: number; rows: number }) => listener.size(cols, rows));
    socket.on('writer', (writer: Parameters<LinkListener['writer']>[0]) => listener.writer(writer));
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
          if (ack?.error) return reject(new Refused(ack.error.code));
          this.listener.roundTrip(performance.now() - sent);
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
    this.socket.emit('attach', { agentId: this.agentId, binary: true, ...since });
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

/** The server took an input and refused it; an `error` event says the same in words. */
export class Refused extends Error {}

interface Acknowledgement {
  ok: boolean;
  error?: { code: string; message: string } | null;
}

interface DataMeta {
  offset: number;
  repaint?: boolean;
}
