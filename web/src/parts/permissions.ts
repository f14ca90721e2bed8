/** Owns the permissions that a spawn may give, in the order in which they are shown. Must not know who checks them. */
import type { Permission } from '../api/doing';

export const PERMISSIONS = [
  'read:pages',
  'read:tasks',
  'read:projects',
  'read:memory',
  'read:spaces',
  'read:users',
  'write:pages',
  'write:tasks',
  'write:projects',
  'write:memory',
  'write:comments',
  'delete:pages',
  'delete:tasks',
  'assign:tasks',
  'delegate:agents',
  'execute:research',
] as const satisfies readonly Permission[];

/** What an agent gets when nothing is said. */
export const DEFAULT_PERMISSIONS: readonly Permission[] = PERMISSIONS.slice(0, 4);

/** The permissions of each verb, by what they are about. */
export function byVerb(): [string, Permission[]][] {
  return [...Map.groupBy<string, Permission>(PERMISSIONS, (permission) => permission.split(':')[0] ?? '')];
}

export function isPermission(word: unknown): word is Permission {
  return PERMISSIONS.some((permission) => permission === word);
}

export const PRESETS = ['readOnly', 'contributor', 'full'] as const;
export type Preset = (typeof PRESETS)[number];

// What cannot be undone, or reaches beyond the agent: only admins give these.
const ADMINS_ONLY: readonly Permission[] = ['delete:pages', 'delete:tasks', 'delegate:agents'];

/** What a preset gives. */
export function ofPreset(preset: Preset): Permission[] {
  if (preset === 'readOnly') return PERMISSIONS.filter((permission) => permission.startsWith('read:'));
  if (preset === 'contributor') return PERMISSIONS.filter((permission) => !ADMINS_ONLY.includes(permission));
  return [...PERMISSIONS];
}

/** Whether two choices are the same, in whatever order. */
export function isSameChoice(one: readonly Permission[], other: readonly Permission[]): boolean {
  return one.length === other.length && one.every((permission) => other.includes(permission));
}

/** The preset that a choice is, if it is one. */
export function presetOf(chosen: readonly Permission[]): Preset | undefined {
  return PRESETS.find((preset) => isSameChoice(chosen, ofPreset(preset)));
}
