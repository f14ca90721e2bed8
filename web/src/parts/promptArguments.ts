/** Owns how what a tool is used with becomes readable. Must not know React. */

export interface Readable {
  /** Absent when there is only one thing to show. */
  name?: string;
  text: string;
}

// Names under which tools are given a shell command.
const COMMANDS = ['command', 'cmd', 'script'];

/** The arguments of a tool as blocks to read: a command as it would be typed, texts as texts, the rest as JSON. */
export function readable(given: unknown): Readable[] {
  if (given === null || given === undefined || given === '') return [];
  if (typeof given === 'string') return [{ text: given }];
  if (typeof given !== 'object' || Array.isArray(given)) return [{ text: pretty(given) }];
  const entries = Object.entries(given).filter(([, value]) => value !== null && value !== undefined);
  const isCommand = ([name]: [string, unknown]) => COMMANDS.includes(name);
  const ordered = [...entries.filter(isCommand), ...entries.filter((entry) => !isCommand(entry))];
  const only = ordered.length === 1 && ordered[0] && isCommand(ordered[0]);
  return ordered.map(([name, value]) => {
    const text = isCommand([name, value]) && isWords(value) ? value.join(' ') : asText(value);
    return only ? { text } : { name, text };
  });
}

function isWords(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((word) => typeof word === 'string');
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : pretty(value);
}

function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** A question as it stands on a screen, without the lines that only repeat what is shown of the arguments. */
export function withoutArguments(question: string, given: unknown): string {
  const shown = new Set(readable(given).flatMap(({ text }) => text.split('\n').map((line) => line.trim())));
  const rest = question.split('\n').filter((line) => !shown.has(line.trim()));
  return rest.some((line) => line.trim() !== '') ? rest.join('\n') : question;
}

/** Which option a key chooses: 1 to 9, by place. */
export function placeOf(key: string): number | null {
  return /^[1-9]$/.test(key) ? Number(key) - 1 : null;
}
