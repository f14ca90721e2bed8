/** Owns the trash: what was deleted, and taking it back. Must not know the tree. */
import { Button, Skeleton, Text, Title } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Trash2 } from 'lucide-react';
import { useNavigate } from 'react-router';

import type { TrashedPage } from '../../api/knowledge';
import { pageKeys, trashQuery, untrashPage } from '../../api/pages';
import { EmptyState } from '../../parts/EmptyState';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import classes from './pages.module.css';

const words = texts.pages.trash;

export function TrashPage() {
  const trash = useInfiniteQuery(trashQuery);
  const found = trash.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <div className={classes.page}>
      <title>{texts.title(words.title)}</title>
      <Title order={1}>{words.title}</Title>
      <Text size="sm" c="dimmed">
        {words.lead}
      </Text>
      {trash.isPending && <Skeleton h={120} aria-label={texts.loading} />}
      {trash.isError && !trash.data && (
        <ProblemNote error={trash.error} onRetry={() => void trash.refetch()} />
      )}
      {trash.data && found.length === 0 && (
        <EmptyState icon={Trash2} title={words.empty} text={words.emptyText} />
      )}
      <ul className={classes.list} aria-label={words.title}>
        {found.map((page) => (
          <Row key={page.id} page={page} />
        ))}
      </ul>
      {trash.hasNextPage && (
        <Button
          variant="subtle"
          w="fit-content"
          loading={trash.isFetchingNextPage}
          onClick={() => void trash.fetchNextPage()}
        >
          {words.more}
        </Button>
      )}
    </div>
  );
}

function Row({ page }: { page: TrashedPage }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const may = mayWrite(useMe());
  const restoring = useMutation({
    mutationFn: () => untrashPage(page.id),
    onSuccess: async () => {
      await navigate(`/pages/${page.id}`);
      void cache.invalidateQueries({ queryKey: pageKeys.all });
      void cache.invalidateQueries({ queryKey: pageKeys.spaces });
    },
  });
  return (
    <li className={classes.listRow}>
      <Text size="sm" fw={500}>
        {page.title}
      </Text>
      <Text size="xs" c="dimmed" component="div">
        {words.deleted} <Ago moment={page.trashedAt} />
      </Text>
      {may && (
        <Button
          size="compact-xs"
          variant="default"
          ml="auto"
          loading={restoring.isPending}
          aria-label={words.restoreOf(page.title)}
          onClick={() => restoring.mutate()}
        >
          {words.restore}
        </Button>
      )}
      {restoring.isError && <ProblemNote error={restoring.error} />}
    </li>
  );
}
