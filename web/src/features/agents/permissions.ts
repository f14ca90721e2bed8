/** Owns the permissions that a spawn may give, in the order in which they are shown. Must not know who checks them. */
import type { Permission } from '../../api/doing';

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
