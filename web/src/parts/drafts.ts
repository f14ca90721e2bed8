/** Owns what was typed and not yet saved, kept in this browser. Must not know who types what. */
import { forget, recall, remember } from './preferences';

/** A text as it was typed, and on top of which version. */
export interface Draft {
  title: string;
  content: string;
  version: number;
}

export function draftOf(name: string): Draft | null {
  const kept = recall<Draft>(`draft.${name}`);
  const { title, content, version } = kept ?? {};
  if (typeof title !== 'string' || typeof content !== 'string' || typeof version !== 'number') return null;
  return { title, content, version };
}

export function keepDraft(name: string, draft: Draft): void {
  remember(`draft.${name}`, draft);
}

export function dropDraft(name: string): void {
  forget(`draft.${name}`);
}
