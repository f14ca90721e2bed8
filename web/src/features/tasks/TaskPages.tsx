/** Owns the pages that a task refers to: the way to them, and choosing them. Must not know how a change is saved. */
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQueries } from '@tanstack/react-query';
import { Check, Pencil } from 'lucide-react';

import type { Task } from '../../api/knowledge';
import { pageQuery } from '../../api/pages';
import { problemOf } from '../../api/problems';
import { mayWrite, useMe } from '../../parts/me';
import { ReferencePicker, type Reference } from '../../parts/ReferencePicker';
import { PageReference } from '../../parts/References';
import { texts } from '../../texts';
import classes from './tasks.module.css';
import type { TaskChanging } from './useTaskChange';

const words = texts.tasks.pages;

interface TaskPagesProps {
  task: Task;
  changing: TaskChanging;
  error?: string;
}

export function TaskPages({ task, changing, error }: TaskPagesProps) {
  const may = mayWrite(useMe());
  const [isChoosing, { toggle }] = useDisclosure(false);
  const chosen = usePages(task.pageIds);
  if (!may && task.pageIds.length === 0) return null;
  const Icon = isChoosing ? Check : Pencil;
  return (
    <Stack component="section" gap={4} aria-label={words.title}>
      <Group gap="xs">
        <Title order={2}>{words.title}</Title>
        {may && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<Icon size={12} aria-hidden />}
            aria-label={isChoosing ? words.done : words.choose}
            onClick={toggle}
          >
            {isChoosing ? words.done : texts.tasks.edit}
          </Button>
        )}
      </Group>
      {isChoosing ? (
        <ReferencePicker
          only="page"
          label={words.label}
          description={words.hint}
          isSaving={changing.isPending}
          value={chosen}
          error={error}
          onChange={(pages) => changing.change({ pageIds: pages.map(({ id }) => id) })}
        />
      ) : (
        <Chosen ids={task.pageIds} />
      )}
    </Stack>
  );
}

function Chosen({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {words.none}
      </Text>
    );
  }
  return (
    <Group component="ul" gap="xs" className={classes.references}>
      {ids.map((id) => (
        <PageReference key={id} id={id} />
      ))}
    </Group>
  );
}

/** One that is gone cannot be chosen again: it is left out of the next change. */
function usePages(ids: readonly string[]): Reference[] {
  const answers = useQueries({ queries: ids.map((id) => ({ ...pageQuery(id), retry: false })) });
  return ids.flatMap((id, at) => {
    const answer = answers[at];
    if (answer?.isError && problemOf(answer.error).status === 404) return [];
    return [{ kind: 'page' as const, id, title: answer?.data?.title ?? id }];
  });
}
