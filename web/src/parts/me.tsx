/** Owns who is logged in, for everything drawn behind the login. Must not know how one logs in. */
import { createContext, useContext } from 'react';

import type { Me } from '../api/shapes';

/**
 * Given by the gate around all pages. It is no query that pages read by themselves:
 * at a logout the pages are taken away as a whole, and none is drawn for nobody meanwhile.
 */
export const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error('this is drawn behind the login only');
  return me;
}

export function isAdmin(me: Me): boolean {
  return me.role === 'owner' || me.role === 'admin';
}

export function mayRunAgents(me: Me): boolean {
  return me.role !== 'viewer';
}

/** Pages, tasks and comments are written by all who do more than watch. */
export function mayWrite(me: Me): boolean {
  return me.role !== 'viewer';
}
