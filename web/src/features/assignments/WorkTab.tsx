/** Owns the work of one agent: what it was given, how it goes, what came of it. Must not know the agent's page. */
import { Button, Group, Skeleton, Stack, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ClipboardList, Plus } from 'lucide-react';

import type { Agent } from '../../api/shapes';
import { assignmentsQuery, endedAssignmentsQuery } from '../../api/work';
import { EmptyState } from '../../parts/EmptyState';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { hasEnded } from '../../parts/states';
import { texts } from '../../texts';
import { AssignDialog } from './AssignDialog';
import { AssignmentCard } from './AssignmentCard';
import { openOnes } from './states';
import classes from './work.module.css';

const words = texts.work;

export default function WorkTab({ agent }: { agent: Agent }) {
  const open = useQuery(assignmentsQuery(agent.id));
  const ended = useInfiniteQuery(endedAssignmentsQuery(agent.id));
  const [isAssigning, { open: assign, close }] = useDisclosure(false);
  const may = mayWrite(useMe()) && !hasEnded(agent);
  // One that has just ended may be in both for a moment.
  const over = ended.data?.pages.flatMap(({ items }) => items) ?? [];
  const all = [...openOnes(open.data?.items ?? []), ...over];
  const ordered = all.filter(({ id }, at) => all.findIndex((one) => one.id === id) === at);
  const lists = [open, ended];
  const failed = lists.find((list) => list.isError && !list.data);
  return (
    <Stack gap="sm" maw={860}>
      <Group justify="space-between">
        <Title order={2}>{words.title}</Title>
        {may && (
          <Button size="xs" leftSection={<Plus size={14} aria-hidden />} onClick={assign}>
            {words.assign}
          </Button>
        )}
      </Group>
      {lists.some((list) => list.isPending) && <Skeleton h={120} aria-label={texts.loading} />}
      {failed && <ProblemNote error={failed.error} onRetry={() => void failed.refetch()} />}
      {lists.every((list) => list.data) && ordered.length === 0 && (
        <EmptyState
          icon={ClipboardList}
          title={words.none}
          text={hasEnded(agent) ? words.noneEnded : words.noneText}
        />
      )}
      <ul className={classes.list} aria-label={words.title}>
        {ordered.map((assignment) => (
          <li key={assignment.id}>
            <AssignmentCard assignment={assignment} agent={agent} />
          </li>
        ))}
      </ul>
      {ended.hasNextPage && (
        <Button
          variant="subtle"
          w="fit-content"
          mx="auto"
          loading={ended.isFetchingNextPage}
          onClick={() => void ended.fetchNextPage()}
        >
          {words.older}
        </Button>
      )}
      {isAssigning && <AssignDialog agent={agent} onClose={close} />}
    </Stack>
  );
}
