/** Owns the days in an address that narrow a list of what happened. Must not know which list. */

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** The first moment of a day as it is here; nothing for what is no day. */
export function beginOf(day: string | null): string | undefined {
  const [year, month, date] = partsOf(day);
  return year ? new Date(year, month - 1, date).toISOString() : undefined;
}

/** The first moment after a day. */
export function endOf(day: string | null): string | undefined {
  const [year, month, date] = partsOf(day);
  return year ? new Date(year, month - 1, date + 1).toISOString() : undefined;
}

function partsOf(day: string | null): [number, number, number] {
  if (!day || !DAY.test(day) || Number.isNaN(Date.parse(day))) return [0, 0, 0];
  const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
  return [year, month, date];
}
