/** Owns which roles somebody may give. Must not know how they are shown. */
import type { Role } from '../../api/shapes';

const ROLES: readonly Role[] = ['viewer', 'member', 'admin', 'owner'];

/** The roles up to one's own, as the server allows them. */
export function rolesWithin(own: Role): Role[] {
  return ROLES.slice(0, ROLES.indexOf(own) + 1);
}
