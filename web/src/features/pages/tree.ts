/** Owns what the items of one tree share. Must not know how they look. */
import { createContext, useContext } from 'react';

import type { PageSummary, Space } from '../../api/knowledge';
import type { useMovePage } from './useMovePage';
import type { Unfolded } from './useUnfolded';

export interface Tree {
  space: Space;
  openId: string | undefined;
  /** Where the keyboard is. */
  active: string | null;
  setActive: (id: string) => void;
  unfolded: Unfolded;
  dragged: PageSummary | null;
  setDragged: (page: PageSummary | null) => void;
  /** Opens the dialog that moves a page. */
  setMoved: (page: PageSummary) => void;
  moving: ReturnType<typeof useMovePage>;
}

export const TreeContext = createContext<Tree | null>(null);

export function useTree(): Tree {
  const tree = useContext(TreeContext);
  if (!tree) throw new Error('this is drawn inside a tree only');
  return tree;
}
