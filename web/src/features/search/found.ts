/** Owns what a search result leads to, and which words of it were found. Must not know components. */
import type { Found } from '../../api/knowledge';

export interface Piece {
  text: string;
  isMatch: boolean;
}

/** A snippet in pieces: what stands between ⟦ and ⟧ was found. */
export function piecesOf(snippet: string): Piece[] {
  return snippet
    .split(/(⟦[^⟧]*⟧)/)
    .filter((part) => part !== '')
    .map((part) =>
      part.startsWith('⟦') && part.endsWith('⟧')
        ? { text: part.slice(1, -1), isMatch: true }
        : { text: part.replace(/[⟦⟧]/g, ''), isMatch: false },
    );
}

/** Where a result is read: a comment on the page or task that it is about. */
export function placeOf({
  kind,
  id,
  pageId,
  taskId,
}: Pick<Found, 'kind' | 'id' | 'pageId' | 'taskId'>): string {
  if (kind === 'page') return `/pages/${id}`;
  if (kind === 'task') return `/tasks/${id}`;
  return taskId ? `/tasks/${taskId}#${id}` : `/pages/${pageId ?? ''}#${id}`;
}
