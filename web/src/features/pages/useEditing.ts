/** Owns what is typed into a page's editor: on top of which version, kept as a draft, saved once. Must not know components. */
import { useMutation, useQueryClient, type UseMutationResult } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useNavigate } from 'react-router';

import type { Page } from '../../api/knowledge';
import { changePage, pageKeys, pageQuery } from '../../api/pages';
import { draftOf, dropDraft, keepDraft, type Draft } from '../../parts/drafts';
import { useMe } from '../../parts/me';

export interface Typed {
  title: string;
  content: string;
}

export interface Editing {
  typed: Typed;
  /** The version that it is typed on top of. */
  base: number;
  isChanged: boolean;
  /** What was typed before and found again, until it is saved or discarded. */
  draft: Draft | null;
  /** What was typed and then taken out of the editor for somebody else's text. */
  aside: Typed | null;
  /** Counts how often the editor's text was replaced. */
  round: number;
  saving: UseMutationResult<Page, Error, number>;
  type: (part: Partial<Typed>) => void;
  save: () => void;
  takeTheirs: () => Promise<void>;
  closeAside: () => void;
  beginAnew: () => void;
  drop: () => void;
}

export function useEditing(page: Page): Editing {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const me = useMe();
  const name = `page.${me.user.id}.${page.id}`;
  const [draft, setDraft] = useState(() => draftOf(name));
  const [base, setBase] = useState(draft?.version ?? page.version);
  const [stored, setStored] = useState<Typed>({ title: page.title, content: page.content });
  const [typed, setTyped] = useState<Typed>(draft ?? stored);
  // What is typed now, for a save that ends after it: the state that it began with is of before.
  const latest = useRef(typed);
  const [aside, setAside] = useState<Typed | null>(null);
  const [round, setRound] = useState(0);
  const isChanged = typed.title !== stored.title || typed.content !== stored.content;

  const saving = useMutation({
    mutationFn: (version: number) => changePage(page.id, { ...typed, title: typed.title.trim(), version }),
    onSuccess: async (saved) => {
      cache.setQueryData(pageKeys.one(saved.id), saved);
      const now = latest.current;
      if (now.title.trim() === saved.title && now.content === saved.content) {
        dropDraft(name);
        await navigate(`/pages/${saved.id}`);
      } else {
        // More was typed while it was saved: that is on top of what is saved now.
        keepDraft(name, { ...now, version: saved.version });
        setDraft(null);
        setStored({ title: saved.title, content: saved.content });
        setBase(saved.version);
      }
      void cache.invalidateQueries({ queryKey: pageKeys.all });
    },
  });
  const type = (part: Partial<Typed>) => {
    const next = { ...latest.current, ...part };
    latest.current = next;
    setTyped(next);
    if (next.title === stored.title && next.content === stored.content) dropDraft(name);
    else keepDraft(name, { ...next, version: base });
  };
  const begin = (from: Page) => {
    setDraft(null);
    dropDraft(name);
    setStored({ title: from.title, content: from.content });
    latest.current = { title: from.title, content: from.content };
    setTyped(latest.current);
    setBase(from.version);
    setRound((before) => before + 1);
    saving.reset();
  };
  const takeTheirs = async () => {
    const current = await cache.fetchQuery({ ...pageQuery(page.id), staleTime: 0 });
    setAside(typed);
    begin(current);
  };
  return {
    typed,
    base,
    isChanged,
    draft,
    aside,
    round,
    saving,
    type,
    save: () => {
      if (typed.title.trim() !== '' && !saving.isPending) saving.mutate(base);
    },
    takeTheirs,
    closeAside: () => setAside(null),
    beginAnew: () => begin(page),
    drop: () => dropDraft(name),
  };
}
