/** Owns which facts of a spawn people read before they decide. Must not know React. */

interface Fact {
  name: string;
  value: string;
}

/** Everything that is asked for, what is empty left out; the parts of its configuration stand beside the rest. */
export function factsOf(wanted: unknown): Fact[] {
  if (!isRecord(wanted)) return [];
  const { config, ...rest } = wanted;
  const all = { ...rest, ...(isRecord(config) ? config : {}) };
  const facts = Object.entries(all).map(([name, value]) => ({ name, value: inWords(value) }));
  return facts.filter(({ value }) => value !== '');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inWords(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.every((part) => typeof part === 'string')) return value.join(' ');
  return JSON.stringify(value);
}
