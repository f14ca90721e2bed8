/** Owns what the spawn form holds, what is wrong with it, and the request it becomes. Must not know React. */
import type { Permission } from '../../api/doing';
import type { SpawnConfig, SpawnRequest } from '../../api/shapes';
import { recall, remember } from '../../parts/preferences';
import { texts } from '../../texts';
import {
  EMPTY_WORK,
  isNoWork,
  toAssignment,
  WORK_FIELDS,
  workErrors,
  type WorkErrors,
  type WorkForm,
} from '../../parts/assignmentForm';
import { parseArgv } from './argv';
import { isPermission } from '../../parts/permissions';

// The bounds of the server, told before it has to.
const MAX_COUNT = 10;
const COLS = { min: 2, max: 1000 };
const ROWS = { min: 1, max: 500 };
const MAX_NAME = 100;

export const CUSTOM = 'custom';

export const PLACES = ['empty', 'folder', 'repository'] as const;
export type Place = (typeof PLACES)[number];

export interface SpawnForm {
  agentType: string;
  place: Place;
  repository: string;
  ref: string;
  model: string;
  permissionMode: string;
  /** `null` is the server's default. */
  permissions: readonly Permission[] | null;
  capabilities: string;
  count: number | string;
  name: string;
  command: string;
  cwd: string;
  env: string;
  cols: number | string;
  rows: number | string;
  /** The first assignment of each agent. */
  work: WorkForm;
}

export type SpawnField = keyof SpawnForm;
export type SpawnErrors = Partial<Record<SpawnField | keyof WorkErrors, string>>;

/** Fields a refusal may name, as the server spells them. */
export const SPAWN_FIELDS = [
  'agentType',
  'count',
  'command',
  'cwd',
  'repository',
  'ref',
  'model',
  'permissionMode',
  'permissions',
  'capabilities',
  'env',
  'cols',
  'rows',
  'name',
  ...WORK_FIELDS,
] as const;

const TEXTS = {
  name: '',
  command: '',
  cwd: '',
  repository: '',
  ref: '',
  model: '',
  permissionMode: '',
  capabilities: '',
  env: '',
};
const EMPTY: Omit<SpawnForm, 'agentType'> = {
  ...TEXTS,
  place: 'empty',
  permissions: null,
  count: 1,
  cols: '',
  rows: '',
  work: EMPTY_WORK,
};
// Names and environments are not kept: they may be secret.
const KEPT_TEXTS = [
  'command',
  'cwd',
  'repository',
  'ref',
  'model',
  'permissionMode',
  'capabilities',
] as const;
const words = texts.spawn.invalid;

/** The form as it was last spawned for this kind. */
export function recalledForm(agentType: string): SpawnForm {
  const kept = recall<SpawnForm>(`spawn.${agentType}`) ?? {};
  const form: SpawnForm = { ...EMPTY, agentType };
  for (const field of KEPT_TEXTS) {
    const text = kept[field];
    if (typeof text === 'string') form[field] = text;
  }
  const place = PLACES.find((known) => known === kept.place);
  form.place = place ?? (form.cwd ? 'folder' : 'empty');
  if (Array.isArray(kept.permissions)) form.permissions = kept.permissions.filter(isPermission);
  for (const field of ['count', 'cols', 'rows'] as const) {
    if (typeof kept[field] === 'number') form[field] = kept[field];
  }
  return form;
}

export function rememberForm(form: SpawnForm): void {
  const { agentType, place, permissions, count, cols, rows } = form;
  const kept = Object.fromEntries(KEPT_TEXTS.map((field) => [field, withoutPassword(form[field])]));
  remember(`spawn.${agentType}`, { ...kept, place, permissions, count, cols, rows });
  remember('spawn.lastType', { agentType });
}

/** An address may carry a password; that is not kept. */
function withoutPassword(text: string): string {
  return text.replace(/^([a-z+]+:\/\/)[^/@]*:[^/@]*@/i, '$1');
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
  const place = placeError(form);
  if (place) errors[place.field] = place.error;
  if (capabilitiesOf(form).some((word) => !CAPABILITY.test(word))) errors.capabilities = words.capabilities;
  if (form.cols !== '' && !isWithin(form.cols, COLS)) errors.cols = words.cols;
  if (form.rows !== '' && !isWithin(form.rows, ROWS)) errors.rows = words.rows;
  const badLine = envLines(form.env).find((line) => !ENV_LINE.test(line));
  if (badLine !== undefined) errors.env = words.env(badLine.split('=')[0] ?? '');
  const command = form.agentType === CUSTOM ? parseArgv(form.command) : { argv: [] };
  if ('error' in command) errors.command = words[command.error];
  return { ...errors, ...workErrors(form.work) };
}

/** The request of a form that {@link validate} finds nothing wrong with. */
export function toRequest(form: SpawnForm): SpawnRequest {
  const config: SpawnConfig = {};
  const command = form.agentType === CUSTOM ? parseArgv(form.command) : { argv: [] };
  if ('argv' in command && command.argv.length > 0) config.command = command.argv;
  if (form.place === 'folder') config.cwd = form.cwd.trim();
  if (form.place === 'repository') config.repository = repositoryOf(form);
  if (form.agentType !== CUSTOM && form.model.trim()) config.model = form.model.trim();
  if (form.agentType !== CUSTOM && form.permissionMode.trim()) {
    config.permissionMode = form.permissionMode.trim();
  }
  const env = envOf(form.env);
  if (Object.keys(env).length > 0) config.env = env;
  if (form.cols !== '') config.cols = Number(form.cols);
  if (form.rows !== '') config.rows = Number(form.rows);
  const request: SpawnRequest = { agentType: form.agentType, count: Number(form.count), config };
  if (form.name.trim()) request.name = form.name.trim();
  if (form.permissions) request.permissions = [...form.permissions];
  if (!isNoWork(form.work)) request.assignment = toAssignment(form.work);
  const capabilities = capabilitiesOf(form);
  if (capabilities.length > 0) request.capabilities = capabilities;
  return request;
}

const CAPABILITY = /^[A-Za-z0-9_.:-]{1,64}$/;
const PATH = /^[/~]/;
const ADDRESS = /^(?:(?:https?|ssh|git|file):\/\/\S+|[\w.-]+@[\w.-]+:\S+)$/;

function placeError(form: SpawnForm): { field: 'cwd' | 'repository'; error: string } | null {
  const [cwd, repository] = [form.cwd.trim(), form.repository.trim()];
  if (form.place === 'folder' && !PATH.test(cwd)) {
    return { field: 'cwd', error: cwd ? words.cwd : words.folder };
  }
  if (form.place === 'repository' && !PATH.test(repository) && !ADDRESS.test(repository)) {
    return { field: 'repository', error: words.repository };
  }
  return null;
}

function repositoryOf(form: SpawnForm): NonNullable<SpawnConfig['repository']> {
  const where = form.repository.trim();
  const begin = form.ref.trim() ? { ref: form.ref.trim() } : {};
  return PATH.test(where) ? { path: where, ...begin } : { url: where, ...begin };
}

function capabilitiesOf(form: SpawnForm): string[] {
  return form.capabilities.split(/[,\s]+/).filter(Boolean);
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
