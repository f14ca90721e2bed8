/** Owns what differs between before and after of an entry, field by field. Must not know components. */

export interface Difference {
  field: string;
  before: string | null;
  after: string | null;
  isChanged: boolean;
}

/** The fields of both sides, those that changed first; a side that is no object is one field without a name. */
export function differences(before: unknown, after: unknown): Difference[] {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  const fields = [...new Set([...was.keys(), ...is.keys()])];
  const all = fields.map((field) => {
    const [old, now] = [was.get(field) ?? null, is.get(field) ?? null];
    return { field, before: old, after: now, isChanged: old !== now };
  });
  return [...all.filter((one) => one.isChanged), ...all.filter((one) => !one.isChanged)];
}

function fieldsOf(side: unknown): Map<string, string> {
  if (side === null || side === undefined) return new Map();
  if (typeof side !== 'object' || Array.isArray(side)) return new Map([['', shown(side)]]);
  return new Map(
    Object.entries(side)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([field, value]) => [field, shown(value)]),
  );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
