/** Owns the work of one agent: what it was given, how it goes, what came of it. Must not know the agent's page. */
import { Button, Group, Skeleton, Stack, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { ClipboardList, Plus } from 'lucide-react';

import type { Agent } from '../../api/shapes';
import { assignmentsQuery } from '../../api/work';
import { EmptyState } from '../../parts/EmptyState';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { hasEnded } from '../../parts/states';
import { texts } from '../../texts';
import { AssignDialog } from './AssignDialog';
import { AssignmentCard } from './AssignmentCard';
import { isOpen, openOnes } from './states';
import classes from './work.module.css';

const words = texts.work;

export default function WorkTab({ agent }: { agent: Agent }) {
  const list = useQuery(assignmentsQuery(agent.id));
  const [isAssigning, { open, close }] = useDisclosure(false);
  const may = mayWrite(useMe()) && !hasEnded(agent);
  const all = list.data?.items ?? [];
  const ordered = [...openOnes(all), ...all.filter((one) => !isOpen(one))];
  return (
    <Stack gap="sm" maw={860}>
      <Group justify="space-between">
        <Title order={2}>{words.title}</Title>
        {may && (
          <Button size="xs" leftSection={<Plus size={14} aria-hidden />} onClick={open}>
            {words.assign}
          </Button>
        )}
      </Group>
      {list.isPending && <Skeleton h={120} aria-label={texts.loading} />}
      {list.isError && !list.data && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && ordered.length === 0 && (
        <EmptyState
          icon={ClipboardList}
          title={words.none}
          text={hasEnded(agent) ? words.noneEnded : words.noneText}
        />
      )}
      <ul className={classes.list} aria-label={words.title}>
        {ordered.map((assignment) => (
          <li key={assignment.id}>
            <AssignmentCard assignment={assignment} />
          </li>
        ))}
      </ul>
      {isAssigning && <AssignDialog agent={agent} onClose={close} />}
    </Stack>
  );
}
