/**
 * Owns the two times of a recording: when something happened, and where it stands on a timeline without idle time.
 * Must not know the player.
 */

/** A pause that is shown shorter than it was. */
interface Cut {
  /** When the pause began, and how it counts on both timelines. */
  fromMs: number;
  toMs: number;
  shownFromMs: number;
}

export class Timeline {
  readonly durationMs: number;
  readonly #cuts: Cut[] = [];

  /** @param times when events happened, ascending. @param limitMs longest pause that is shown, or `null` for all. */
  constructor(
    times: readonly number[],
    private readonly limitMs: number | null,
  ) {
    let previous = 0;
    let removed = 0;
    for (const time of times) {
      if (limitMs !== null && time - previous > limitMs) {
        this.#cuts.push({ fromMs: previous, toMs: time, shownFromMs: previous - removed });
        removed += time - previous - limitMs;
      }
      previous = time;
    }
    this.durationMs = previous - removed;
  }

  /** Where a moment stands on the timeline that is shown. */
  toShown(atMs: number): number {
    const cut = this.#cuts[lastWhere(this.#cuts, ({ fromMs }) => fromMs <= atMs)];
    if (!cut || this.limitMs === null) return atMs;
    if (atMs >= cut.toMs) return cut.shownFromMs + this.limitMs + (atMs - cut.toMs);
    return cut.shownFromMs + Math.min(atMs - cut.fromMs, this.limitMs);
  }

  /** When what is shown at this point happened. */
  toReal(shownMs: number): number {
    const cut = this.#cuts[lastWhere(this.#cuts, ({ shownFromMs }) => shownFromMs <= shownMs)];
    if (!cut || this.limitMs === null) return shownMs;
    const into = shownMs - cut.shownFromMs;
    return into < this.limitMs ? cut.fromMs + into : cut.toMs + (into - this.limitMs);
  }
}

/** Index of the last element of an ordered list that satisfies `holds`; -1 when none does. */
export function lastWhere<Item>(items: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle] as Item)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
