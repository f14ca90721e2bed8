/** Owns the list of what was decided, newest first. Must not know what waits. */
import { Button, Skeleton, Stack } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';

import { requestsQuery } from '../../api/queries';
import type { QueueItem } from '../../api/shapes';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { ApprovalCard } from './ApprovalCard';
import classes from './approvals.module.css';
import { useDecisions } from './useDecisions';

const words = texts.approvals;

export function DecidedList() {
  const list = useInfiniteQuery(requestsQuery);
  const decisions = useDecisions();
  if (list.isPending) {
    return (
      <Stack gap="sm" aria-busy aria-label={texts.loading}>
        {[1, 2, 3].map((row) => (
          <Skeleton key={row} h={90} />
        ))}
      </Stack>
    );
  }
  if (list.isError && !list.data)
    return <ProblemNote error={list.error} onRetry={() => void list.refetch()} />;
  const decided = list.data.pages.flatMap((page) => page.items).filter(isDecided);
  return (
    <>
      {decided.length === 0 && (
        <EmptyState icon={ShieldCheck} title={words.nothingDecided} text={words.nothingDecidedText} />
      )}
      <ul className={classes.list} aria-label={words.decided}>
        {decided.map((item) => (
          <li key={item.id}>
            <section className={classes.item} aria-label={item.summary}>
              <ApprovalCard seen={item} decisions={decisions} />
            </section>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {words.more}
        </Button>
      )}
    </>
  );
}

function isDecided(item: QueueItem): item is Extract<QueueItem, { kind: 'approval' }> {
  return item.kind === 'approval' && item.state !== 'pending';
}
