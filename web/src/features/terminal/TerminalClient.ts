/**
 * Owns one terminal in the browser: emulator, link, input, output and size working together.
 * Framework-free: whoever mounts it gives an element and reads `snapshot()`. Must not know React or routes.
 */
import { io } from 'socket.io-client';

import type { TerminalStatus } from '../../api/shapes';
import { accelerate, createEmulator, type Emulator } from './emulator';
import { InputQueue } from './InputQueue';
import { OutputFlow } from './OutputFlow';
import { changeOf, type Me, type Viewer, type Writer } from './seats';
import { fittingSize, isSameSize, scaledFont, type Size } from './sizing';
import {
  TerminalLink,
  Refused,
  type Attached,
  type LinkListener,
  type Order,
  type Target,
  type TerminalSocket,
} from './TerminalLink';

// How often an idle writer measures the round trip, with an empty input.
const PING_INTERVAL_MS = 5_000;
// How long a quiet note stays.
const NOTE_MS = 6_000;
// One that somebody who looked away should still find.
const LONG_NOTE_MS = 30_000;
// Longest wait between two attempts to reconnect.
const MAX_RECONNECT_DELAY_MS = 3_000;
// An attempt that hangs is given up for the next one.
const CONNECT_TIMEOUT_MS = 8_000;

export type Phase = 'connecting' | 'attached' | 'reconnecting' | 'ended' | 'refused';

/** What there is to say about the terminal beside its screen. */
export interface TerminalSnapshot {
  phase: Phase;
  status: TerminalStatus;
  /** The session that is shown, once it is known. */
  sessionId: string | null;
  role: 'writer' | 'viewer' | null;
  me: Me;
  writer: Writer;
  viewers: Viewer[];
  size: Size;
  /** What a read-only link tells of itself. */
  title: string | null;
  link: { label: string | null; expiresAt: string } | null;
  roundTripMs: number | null;
  /** A passing remark; `code` says of what kind. */
  note: { code: string; message: string } | null;
}

const INITIAL: TerminalSnapshot = {
  phase: 'connecting',
  status: 'connecting',
  sessionId: null,
  role: null,
  me: { seat: null, mayWrite: false, mayTake: false },
  writer: { user: null, you: false, seat: null, idle: false },
  viewers: [],
  size: { cols: 80, rows: 24 },
  title: null,
  link: null,
  roundTripMs: null,
  note: null,
};

/** Refusals after which nothing more comes. */
const FINAL_REFUSALS = new Set([
  'SESSION_TERMINATED',
  'NOT_FOUND',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'LINK_ENDED',
]);

export function openSocket(target: Target): TerminalSocket {
  return io('/terminal', {
    transports: ['websocket', 'polling'],
    forceNew: true,
    // The token of a link goes here and nowhere else.
    ...('link' in target ? { auth: { link: target.link } } : {}),
    reconnectionDelayMax: MAX_RECONNECT_DELAY_MS,
    timeout: CONNECT_TIMEOUT_MS,
  });
}

export class TerminalClient implements LinkListener {
  readonly emulator: Emulator;
  #snapshot = INITIAL;
  #listeners = new Set<() => void>();
  #link: TerminalLink;
  #input: InputQueue;
  #flow: OutputFlow;
  #chosenFont: number;
  #fitFrame = 0;
  #pingTimer: ReturnType<typeof setInterval>;
  #noteTimer: ReturnType<typeof setTimeout> | undefined;
  #observer: ResizeObserver | undefined;
  #isGivingUp = false;
  #wasAttached = false;

  constructor(
    private readonly target: Target,
    fontSize: number,
    socket: TerminalSocket = openSocket(target),
  ) {
    this.#chosenFont = fontSize;
    this.emulator = createEmulator(fontSize);
    const { terminal } = this.emulator;
    this.#link = new TerminalLink(socket, target, this);
    this.#input = new InputQueue(
      (chunk) => this.#send(chunk),
      (bytes) => this.#inputLost(bytes),
    );
    this.#flow = new OutputFlow(terminal, () => this.#link.repaint());
    terminal.onData((text) => this.#type(text));
    terminal.onBinary((text) => this.#type(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    this.#pingTimer = setInterval(() => this.#ping(), PING_INTERVAL_MS);
  }

  /** Shows the terminal in the element and follows its size. */
  mount(element: HTMLElement): void {
    const { terminal } = this.emulator;
    terminal.open(element);
    accelerate(terminal);
    this.#observer = new ResizeObserver(() => this.fit());
    this.#observer.observe(element);
    // Cells are measured anew once the terminal's own font is there.
    void document.fonts?.ready.then(() => this.fit());
  }

  dispose(): void {
    this.#observer?.disconnect();
    cancelAnimationFrame(this.#fitFrame);
    clearInterval(this.#pingTimer);
    clearTimeout(this.#noteTimer);
    this.#listeners.clear();
    this.#link.close();
    this.emulator.terminal.dispose();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): TerminalSnapshot => this.#snapshot;

  setFontSize(size: number): void {
    this.#chosenFont = size;
    this.emulator.terminal.options.fontSize = size;
    this.fit();
  }

  /** Brings emulator and container together, once per frame. */
  fit(): void {
    cancelAnimationFrame(this.#fitFrame);
    this.#fitFrame = requestAnimationFrame(() => this.#fitNow());
  }

  /** Asks, takes, gives up, grants or declines; a refusal becomes a remark. */
  async control(order: Order): Promise<void> {
    // Whoever gives up the seat need not be told that it is gone.
    this.#isGivingUp = order.action === 'release' || order.action === 'grant';
    try {
      await this.#link.control(order);
    } catch (thrown) {
      this.#isGivingUp = false;
      if (thrown instanceof Refused) this.#remark(thrown.code, thrown.message);
      else this.#remark('CONTROL_LOST', '');
    }
  }

  attached(session: Attached): void {
    const { status, role, cols, rows, sessionId, seat, mayWrite, mayTake } = session;
    this.#wasAttached = true;
    this.#update({
      phase: 'attached',
      status,
      sessionId,
      role,
      me: { seat, mayWrite, mayTake },
      size: { cols, rows },
      title: session.title || null,
      link: session.link ?? null,
      note: null,
    });
    this.#take({ cols, rows });
    this.fit();
  }

  output(bytes: Uint8Array | string, isRepaint: boolean): void {
    this.#flow.write(bytes, isRepaint);
  }

  status(status: TerminalStatus): void {
    this.#update(status === 'terminated' ? { status, phase: 'ended' } : { status });
  }

  size(cols: number, rows: number): void {
    this.#update({ size: { cols, rows } });
    // The writer's own size is what the server repeats here, perhaps a late one.
    if (this.#snapshot.role !== 'writer') {
      this.#take({ cols, rows });
      this.fit();
    }
  }

  writer(writer: Writer): void {
    const change = changeOf(this.#snapshot.writer, writer, this.#isGivingUp);
    this.#update({ writer, role: writer.you ? 'writer' : 'viewer' });
    if (change === 'none') return;
    this.#update({ note: null });
    if (change === 'lost') this.#remark('CONTROL_GONE', writer.user?.name ?? '');
    this.#isGivingUp = false;
    this.fit();
  }

  viewers(viewers: Viewer[]): void {
    this.#update({ viewers });
  }

  refused(code: string, message: string): void {
    // A guest who is not let in stays out: there is nothing else to show them.
    const isFinal = FINAL_REFUSALS.has(code) || ('link' in this.target && !this.#wasAttached);
    if (isFinal) {
      const hasScreen = this.#snapshot.phase === 'attached' || this.#snapshot.phase === 'reconnecting';
      const isEnd = code === 'SESSION_TERMINATED';
      if (isEnd) this.#update({ status: 'terminated' });
      this.#update({ phase: isEnd && hasScreen ? 'ended' : 'refused' });
      // A link that has ended is not tried again: nothing that comes later could mend it.
      if ('link' in this.target) this.#link.close();
    }
    this.#remark(code, message, isFinal);
  }

  detached(): void {
    if (this.#snapshot.phase === 'refused') return;
    this.#update({ phase: this.#snapshot.status === 'terminated' ? 'ended' : 'reconnecting' });
  }

  lost(): void {
    if (this.#flow.isBehind) this.#link.forgetPosition();
    this.#input.drop();
    const { phase } = this.#snapshot;
    if (phase === 'attached') this.#update({ phase: 'reconnecting', roundTripMs: null });
  }

  roundTrip(milliseconds: number): void {
    this.#update({ roundTripMs: Math.round(milliseconds) });
  }

  async #send(chunk: string | Uint8Array): Promise<void> {
    try {
      await this.#link.input(chunk);
    } catch (thrown) {
      // A refusal is told by the server's own `error`; the rest of a paste must not follow it.
      if (!(thrown instanceof Refused)) throw thrown;
      this.#input.forget();
    }
  }

  #type(input: string | Uint8Array): void {
    if (this.#snapshot.phase !== 'attached') return;
    if (this.#snapshot.role === 'viewer' && isReport(input)) return;
    if ('link' in this.target) return this.#remark('READ_ONLY', '');
    if (this.#input.push(input) === 'tooMuch') this.#remark('TOO_LARGE', '');
  }

  #inputLost(bytes: number): void {
    this.#remark('INPUT_LOST', String(bytes));
  }

  #ping(): void {
    const { phase, role, status } = this.#snapshot;
    if (phase !== 'attached' || role !== 'writer' || status === 'disconnected') return;
    if (this.#input.pendingBytes > 0) return;
    void this.#link.input('').catch(() => undefined);
  }

  #fitNow(): void {
    const { role, phase, size } = this.#snapshot;
    const { terminal } = this.emulator;
    if (!terminal.element) return;
    if (role === 'viewer' || phase !== 'attached') {
      if (phase === 'attached') terminal.options.fontSize = scaledFont(this.emulator, size, this.#chosenFont);
      return;
    }
    terminal.options.fontSize = this.#chosenFont;
    const fitting = fittingSize(this.emulator);
    if (!fitting) return;
    if (!isSameSize(fitting, { cols: terminal.cols, rows: terminal.rows })) this.#take(fitting);
    if (!isSameSize(fitting, size)) {
      this.#update({ size: fitting });
      this.#link.resize(fitting.cols, fitting.rows);
    }
  }

  /** Takes the size after all output that was written for the one before. */
  #take({ cols, rows }: Size): void {
    this.#flow.afterwards(() => this.emulator.terminal.resize(cols, rows));
  }

  #remark(code: string, message: string, isFinal = false): void {
    clearTimeout(this.#noteTimer);
    this.#update({ note: { code, message } });
    if (isFinal) return;
    const lasting = code === 'CONTROL_GONE' ? LONG_NOTE_MS : NOTE_MS;
    this.#noteTimer = setTimeout(() => this.#update({ note: null }), lasting);
  }

  #update(change: Partial<TerminalSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    this.#listeners.forEach((listen) => listen());
  }
}

/** Mouse and focus reports: what a viewer's pointer does is no attempt to type. */
function isReport(input: string | Uint8Array): boolean {
  if (typeof input !== 'string') return true;

  return /^\x1b\[(M|<|I$|O$)/.test(input);
}
