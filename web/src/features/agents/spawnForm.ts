/** Owns what the spawn form holds, what is wrong with it, and the request it becomes. Must not know React. */
import type { SpawnRequest } from '../../api/shapes';
import { recall, remember } from '../../parts/preferences';
import { texts } from '../../texts';
import { parseArgv } from './argv';

// The bounds of the server, told before it has to.
const MAX_COUNT = 10;
const COLS = { min: 2, max: 1000 };
const ROWS = { min: 1, max: 500 };
const MAX_NAME = 100;

export const CUSTOM = 'custom';

export interface SpawnForm {
  agentType: string;
  count: number | string;
  name: string;
  command: string;
  cwd: string;
  env: string;
  cols: number | string;
  rows: number | string;
}

export type SpawnField = keyof SpawnForm;
export type SpawnErrors = Partial<Record<SpawnField, string>>;

/** Fields a refusal may name, as the server spells them. */
export const SPAWN_FIELDS = ['agentType', 'count', 'command', 'cwd', 'env', 'cols', 'rows', 'name'] as const;

const EMPTY = { count: 1, name: '', command: '', cwd: '', env: '', cols: '', rows: '' };
const words = texts.spawn.invalid;

/** The form as it was last spawned for this kind. Names and environments are not kept: they may be secret. */
export function recalledForm(agentType: string): SpawnForm {
  const kept = recall<SpawnForm>(`spawn.${agentType}`) ?? {};
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const cell = (value: unknown) => (typeof value === 'number' ? value : '');
  const count = typeof kept.count === 'number' ? kept.count : EMPTY.count;
  const sizes = { cols: cell(kept.cols), rows: cell(kept.rows) };
  return { ...EMPTY, agentType, count, command: text(kept.command), cwd: text(kept.cwd), ...sizes };
}

export function rememberForm(form: SpawnForm): void {
  const { agentType, count, command, cwd, cols, rows } = form;
  remember(`spawn.${agentType}`, { count, command, cwd, cols, rows });
  remember('spawn.lastType', { agentType });
}

/** The kind that was spawned last. */
export function recalledType(): string | null {
  return recall<{ agentType: string }>('spawn.lastType')?.agentType ?? null;
}

/** What is wrong with the form, at each field; empty when it can be sent. */
export function validate(form: SpawnForm): SpawnErrors {
  const errors: SpawnErrors = {};
  if (!isWithin(form.count, { min: 1, max: MAX_COUNT })) errors.count = words.count;
  if (form.name.length > MAX_NAME) errors.name = words.name;
  if (form.cwd.trim() && !/^[/~]/.test(form.cwd.trim())) errors.cwd = words.cwd;
  if (form.cols !== '' && !isWithin(form.cols, COLS)) errors.cols = words.cols;
  if (form.rows !== '' && !isWithin(form.rows, ROWS)) errors.rows = words.rows;
  const badLine = envLines(form.env).find((line) => !ENV_LINE.test(line));
  if (badLine !== undefined) errors.env = words.env(badLine.split('=')[0] ?? '');
  const command = form.agentType === CUSTOM ? parseArgv(form.command) : { argv: [] };
  if ('error' in command) errors.command = words[command.error];
  return errors;
}

/** The request of a form that {@link validate} finds nothing wrong with. */
export function toRequest(form: SpawnForm): SpawnRequest {
  const config: NonNullable<SpawnRequest['config']> = {};
  const command = form.agentType === CUSTOM ? parseArgv(form.command) : { argv: [] };
  if ('argv' in command && command.argv.length > 0) config.command = command.argv;
  if (form.cwd.trim()) config.cwd = form.cwd.trim();
  const env = envOf(form.env);
  if (Object.keys(env).length > 0) config.env = env;
  if (form.cols !== '') config.cols = Number(form.cols);
  if (form.rows !== '') config.rows = Number(form.rows);
  const request: SpawnRequest = { agentType: form.agentType, count: Number(form.count), config };
  if (form.name.trim()) request.name = form.name.trim();
  return request;
}

const ENV_LINE = /^[A-Za-z_][A-Za-z0-9_]*=/;

function envLines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimStart())
    .filter((line) => line !== '');
}

function envOf(text: string): Record<string, string> {
  return Object.fromEntries(
    envLines(text).map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

function isWithin(value: number | string, bounds: { min: number; max: number }): boolean {
  const number = Number(value);
  return value !== '' && Number.isInteger(number) && number >= bounds.min && number <= bounds.max;
}
