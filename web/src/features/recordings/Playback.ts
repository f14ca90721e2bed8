/**
 * Owns one recording being played: the player, its speed, its idle limit, and where it stands in real time.
 * Framework-free: whoever mounts it gives an element and reads `snapshot()`. Must not know React or the server.
 */
import 'asciinema-player/dist/bundle/asciinema-player.css';
import './player.css';

import { create, type Player } from 'asciinema-player';

import { FONT_FAMILY } from '../../parts/terminalLook';
import { playerData, type Cast } from './cast';
import { Timeline } from './Timeline';

// Longest pause that is shown while idle time is skipped.
export const IDLE_LIMIT_MS = 2_000;
// How often the position is read; what follows it is a list that scrolls.
const TICK_MS = 200;
// A moment counts as reached a little early, so that a jump to a marker is at it and not before it.
const REACHED_MS = 50;
// How far a playing recording has gone on before one can press again.
const PLAYED_ON_MS = 1_500;

export const SPEEDS = [0.5, 1, 2, 4, 8] as const;
export type Speed = (typeof SPEEDS)[number];

export interface PlaybackSnapshot {
  isPlaying: boolean;
  /** How far the recording has got, in its own time. */
  atMs: number;
  speed: Speed;
  skipsIdle: boolean;
}

export class Playback {
  #player: Player | null = null;
  #element: HTMLElement | null = null;
  #timeline: Timeline;
  #snapshot: PlaybackSnapshot = { isPlaying: false, atMs: 0, speed: 1, skipsIdle: true };
  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #lastShownMs = 0;
  #isPoster = true;

  constructor(private readonly cast: Cast) {
    this.#timeline = this.#timelineFor(this.#snapshot.skipsIdle);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  snapshot = (): PlaybackSnapshot => this.#snapshot;

  /** Shows the player in the element; it stands at its last screen until it is played. */
  mount(element: HTMLElement): void {
    this.#element = element;
    element.toggleAttribute('data-poster', this.#isPoster);
    this.#open(null);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  dispose(): void {
    clearInterval(this.#timer);
    this.#player?.dispose();
    this.#player = null;
    this.#element = null;
  }

  seek(atMs: number): void {
    this.#leavePoster();
    this.#update({ atMs });
    void this.#player?.seek(this.#timeline.toShown(atMs) / 1000);
  }

  /** The marker before or after where it stands. */
  skip(way: 'previous' | 'next'): void {
    const { atMs } = this.#snapshot;
    // While it plays, "previous" from just behind a marker means the one before it.
    const behind = atMs - (this.#snapshot.isPlaying ? PLAYED_ON_MS : REACHED_MS);
    const found =
      way === 'next'
        ? this.cast.markers.find((marker) => marker.atMs > atMs + REACHED_MS)
        : this.cast.markers.findLast((marker) => marker.atMs < behind);
    if (found) this.seek(found.atMs);
  }

  setSpeed(speed: Speed): void {
    if (speed === this.#snapshot.speed) return;
    this.#update({ speed });
    this.#reopen();
  }

  setSkipsIdle(skipsIdle: boolean): void {
    if (skipsIdle === this.#snapshot.skipsIdle) return;
    this.#update({ skipsIdle });
    this.#reopen();
  }

  /** Speed and idle time are fixed when a player is made: another one goes on where it was. */
  #reopen(): void {
    const { atMs, isPlaying, skipsIdle } = this.#snapshot;
    this.#timeline = this.#timelineFor(skipsIdle);
    this.#player?.dispose();
    this.#lastShownMs = 0;
    this.#open(this.#isPoster ? null : { atMs, isPlaying });
  }

  #open(from: { atMs: number; isPlaying: boolean } | null): void {
    if (!this.#element) return;
    const player = create({ data: playerData(this.cast, this.#timeline) }, this.#element, {
      fit: 'both',
      controls: true,
      speed: this.#snapshot.speed,
      theme: 'raven',
      preload: true,
      // Nothing is shorter than the recording: the poster is its last screen.
      poster: from ? undefined : `npt:${this.#timeline.durationMs / 1000}`,
      terminalFontFamily: FONT_FAMILY,
      terminalLineHeight: 1.2,
    });
    this.#player = player;
    const isCurrent = () => player === this.#player;
    const plays = () => {
      if (!isCurrent()) return;
      this.#leavePoster();
      this.#update({ isPlaying: true });
    };
    player.addEventListener('play', plays);
    player.addEventListener('playing', plays);
    player.addEventListener('pause', () => isCurrent() && this.#update({ isPlaying: false }));
    player.addEventListener('ended', () => isCurrent() && this.#update({ isPlaying: false }));
    if (!from) return;
    void player.seek(this.#timeline.toShown(from.atMs) / 1000).then(() => {
      if (from.isPlaying && isCurrent()) void player.play();
    });
  }

  /** From here on the player stands somewhere: its bar tells where, and nothing covers its screen. */
  #leavePoster(): void {
    this.#isPoster = false;
    this.#element?.removeAttribute('data-poster');
  }

  #timelineFor(skipsIdle: boolean): Timeline {
    const times = this.cast.events.map(({ atMs }) => atMs);
    return new Timeline(times, skipsIdle ? IDLE_LIMIT_MS : null);
  }

  /** Read even while paused: the player's own bar and keys move it too. */
  #tick(): void {
    const shownMs = (this.#player?.getCurrentTime() ?? 0) * 1000;
    if (shownMs === this.#lastShownMs) return;
    this.#lastShownMs = shownMs;
    // The poster is the last screen, and playing begins with the first all the same.
    if (this.#isPoster && shownMs >= this.#timeline.durationMs - REACHED_MS) return;
    this.#leavePoster();
    this.#update({ atMs: this.#timeline.toReal(shownMs) });
  }

  #update(change: Partial<PlaybackSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    this.#listeners.forEach((listen) => listen());
  }
}
