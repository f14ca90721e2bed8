/** Owns the tree of a space: unfolded level by level, by keyboard, and moved by dragging. Must not know what a page holds. */
import { Button, Skeleton, Text } from '@mantine/core';
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useRef, useState, type KeyboardEvent } from 'react';
import { useNavigate } from 'react-router';

import type { Page, PageSummary, Space } from '../../api/knowledge';
import { childrenQuery, pageKeys } from '../../api/pages';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { MoveDialog } from './MoveDialog';
import classes from './pages.module.css';
import { TreeContext, useTree, type Tree } from './tree';
import { TreeItem } from './TreeItem';
import { stepOf, type Shown } from './treeMoves';
import { useMovePage } from './useMovePage';
import { useUnfolded } from './useUnfolded';

const words = texts.pages.tree;

interface PageTreeProps {
  space: Space;
  openId: string | undefined;
}

export function PageTree({ space, openId }: PageTreeProps) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const place = useRef<HTMLDivElement>(null);
  const open = openId ? cache.getQueryData<Page>(pageKeys.one(openId)) : undefined;
  const above = useMemo(() => new Set(open?.breadcrumbs.map(({ id }) => id)), [open]);
  const unfolded = useUnfolded(above);
  const [chosen, setActive] = useState<string | null>(null);
  const [moved, setMoved] = useState<PageSummary | null>(null);
  const [dragged, setDragged] = useState<PageSummary | null>(null);
  const moving = useMovePage();
  const active = chosen ?? openId ?? null;
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !place.current) return;
    if (event.key === 'Enter' && active) return void navigate(`/pages/${active}`);
    if (event.key === 'm' && active)
      return setMoved(summaryOf(cache.getQueriesData({ queryKey: pageKeys.all }), active));
    const step = stepOf(event.key, shownIn(place.current), active);
    if (!step) return;
    event.preventDefault();
    if (step.kind === 'go') {
      setActive(step.id);
      document.getElementById(`tree-${step.id}`)?.scrollIntoView({ block: 'nearest' });
    } else unfolded.set(step.id, step.kind === 'unfold');
  };
  const tree: Tree = { space, openId, active, setActive, unfolded, dragged, setDragged, setMoved, moving };
  return (
    <TreeContext value={tree}>
      <div
        ref={place}
        role="tree"
        tabIndex={0}
        aria-label={words.label(space.name)}
        aria-description={words.keys}
        aria-activedescendant={active ? `tree-${active}` : undefined}
        className={classes.tree}
        onKeyDown={onKey}
      >
        <Branch parentId={null} level={1} />
      </div>
      {moving.isError && <ProblemNote error={moving.error} />}
      {moved && <MoveDialog page={moved} onClose={() => setMoved(null)} />}
    </TreeContext>
  );
}

/** The items as they stand on the screen, from top to bottom. */
function shownIn(tree: HTMLElement): Shown[] {
  return [...tree.querySelectorAll<HTMLElement>('[role="treeitem"]')].map((item) => ({
    id: item.id.replace(/^tree-/, ''),
    level: Number(item.getAttribute('aria-level')),
    isOpen: item.hasAttribute('aria-expanded') ? item.getAttribute('aria-expanded') === 'true' : null,
  }));
}

function summaryOf(lists: [readonly unknown[], unknown][], id: string): PageSummary | null {
  for (const [, data] of lists) {
    const pages = (data as { pages?: { items: PageSummary[] }[] } | undefined)?.pages;
    const found = pages?.flatMap(({ items }) => items).find((page) => page.id === id);
    if (found) return found;
  }
  return null;
}

/** The pages under one; asked for when it is unfolded. */
export function Branch({ parentId, level }: { parentId: string | null; level: number }) {
  const { space } = useTree();
  const children = useInfiniteQuery(childrenQuery(space.id, parentId));
  if (children.isPending) {
    return <Skeleton h={level === 1 ? 120 : 24} my={4} aria-label={texts.loading} />;
  }
  if (!children.data) return <ProblemNote error={children.error} onRetry={() => void children.refetch()} />;
  const pages = children.data.pages.flatMap(({ items }) => items);
  if (pages.length === 0 && level === 1) {
    return (
      <Text size="xs" c="dimmed" p={6}>
        {words.empty}
      </Text>
    );
  }
  return (
    <div role="group">
      {pages.map((page) => (
        <TreeItem key={page.id} page={page} siblings={pages} level={level}>
          <Branch parentId={page.id} level={level + 1} />
        </TreeItem>
      ))}
      {children.hasNextPage && (
        <Button
          variant="subtle"
          size="compact-xs"
          ml={level * 14}
          loading={children.isFetchingNextPage}
          onClick={() => void children.fetchNextPage()}
        >
          {words.more}
        </Button>
      )}
    </div>
  );
}
