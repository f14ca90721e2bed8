/** Owns how moments are worded. Must not know components. */

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span as a person says it: `8 s`, `4 min`, `3 h`, `2 d`. */
export function span(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < MINUTE) return `${seconds} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h`;
  return `${Math.floor(seconds / DAY)} d`;
}

// What is younger has just happened: the clock of a page ticks no faster.
const JUST_NOW_MS = 5_000;

/** How long ago: `just now`, `4 min ago`. */
export function ago(moment: string, now: number): string {
  const past = now - Date.parse(moment);
  return past < JUST_NOW_MS ? 'just now' : `${span(past)} ago`;
}

/** For how long something has been so: `just now`, `for 4 min`. */
export function lasting(moment: string, now: number): string {
  const past = now - Date.parse(moment);
  return past < JUST_NOW_MS ? 'just now' : `for ${span(past)}`;
}

/** The whole moment, for a hover. */
export function absolute(moment: string): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}
