/** Owns which pages of a tree are unfolded, and that a browser remembers it. Must not know components. */
import { useState } from 'react';

import { recall, remember } from '../../parts/preferences';

const NAME = 'pages.unfolded';

export interface Unfolded {
  has: (id: string) => boolean;
  set: (id: string, isOpen: boolean) => void;
}

/** What stands above the open page is unfolded, unless somebody folded it. */
export function useUnfolded(above: ReadonlySet<string>): Unfolded {
  const [said, setSaid] = useState<Partial<Record<string, boolean>>>(() => ({
    ...recall<Record<string, boolean>>(NAME),
  }));
  const has = (id: string) => said[id] ?? above.has(id);
  const set = (id: string, isOpen: boolean) => {
    const next = { ...said, [id]: isOpen };
    setSaid(next);
    remember(NAME, Object.fromEntries(Object.entries(next).filter(([, open]) => open)));
  };
  return { has, set };
}
