/** Owns how moments, lengths and amounts are worded. Must not know components. */

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

/** When it will be: `in 4 min`. */
export function ahead(moment: string, now: number): string {
  return `in ${span(Date.parse(moment) - now)}`;
}

/** A length as a player shows it: `0:07`, `12:30`, `1:02:03`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (part: number) => String(part).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / HOUR), Math.floor((seconds % HOUR) / MINUTE), seconds % MINUTE];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** An amount of bytes: `812 B`, `14 KiB`, `3.2 MiB`. */
export function amount(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  const shown = unit === 0 || value >= 10 ? Math.round(value).toString() : value.toFixed(1);
  return `${shown} ${units[unit]}`;
}

/** The time of day at which it will be, with the day when that is another one: `11:30 PM`, `Nov 26, 9:00 AM`. */
export function moment(of: string, now: number): string {
  const at = new Date(of);
  const isToday = at.toDateString() === new Date(now).toDateString();
  const day = isToday ? {} : ({ month: 'short', day: 'numeric' } as const);
  return at.toLocaleString(undefined, { ...day, hour: 'numeric', minute: '2-digit' });
}

/** The whole moment, for a hover. */
export function absolute(moment: string): string {
  return new Date(moment).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}
