/** Owns one assignment: state, progress, instructions, result, ending it and taking it back. Must not know the list it stands in. */
import { Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import type { Assignment } from '../../api/knowledge';
import type { Agent } from '../../api/shapes';
import { cancelAssignment, workKeys } from '../../api/work';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { Markdown } from '../../parts/markdown/Markdown';
import { mayWrite, useMe } from '../../parts/me';
import { PageReference, TaskReference } from '../../parts/References';
import { Ago, Ahead } from '../../parts/RelativeTime';
import { useNow } from '../../parts/useNow';
import { texts } from '../../texts';
import { AssignmentMark } from './AssignmentMark';
import { EndWork } from './EndWork';
import { isIdle, isOpen, resultText } from './states';
import classes from './work.module.css';

const words = texts.work;

export function AssignmentCard({ assignment, agent }: { assignment: Assignment; agent: Agent }) {
  const isForgotten = isIdle(assignment, agent, useNow());
  return (
    <article className={classes.card} aria-label={assignment.title}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <Text fw={600} size="sm" className={classes.words}>
          {assignment.title}
        </Text>
        <Group gap="sm" wrap="nowrap">
          <AssignmentMark state={assignment.state} />
          {isOpen(assignment) && (
            <Group gap={4} wrap="nowrap">
              <EndWork assignment={assignment} as="done" />
              <EndWork assignment={assignment} as="failed" />
              <Cancel assignment={assignment} />
            </Group>
          )}
        </Group>
      </Group>
      <When assignment={assignment} />
      {isForgotten && (
        <Text size="xs" c="var(--raven-attention)" role="status">
          {words.idle(agent.name)}
        </Text>
      )}
      {typeof assignment.progress === 'number' && isOpen(assignment) && (
        <Group gap="xs" wrap="nowrap">
          <Progress flex={1} value={assignment.progress} aria-label={words.progress(assignment.progress)} />
          <Text size="xs" c="dimmed">
            {words.progress(assignment.progress)}
          </Text>
        </Group>
      )}
      <Markdown text={assignment.instructions} />
      <References assignment={assignment} />
      <Report label={words.summary} text={assignment.summary} />
      <Report label={words.result} text={resultText(assignment.result)} />
      <Report label={words.reason} text={assignment.reason} />
    </article>
  );
}

function When({ assignment }: { assignment: Assignment }) {
  const { createdAt, assignedBy, deadline, endedAt } = assignment;
  const isPast = useNow() > Date.parse(deadline ?? '');
  return (
    <Text size="xs" c="dimmed" component="div">
      {words.assignedBy} <Ago moment={createdAt} /> {words.by(assignedBy.name)}
      {endedAt && (
        <>
          {' '}
          · {words.ended} <Ago moment={endedAt} />
        </>
      )}
      {deadline && !endedAt && (
        <>
          {' '}
          · {words.deadline} {isPast ? <Ago moment={deadline} /> : <Ahead moment={deadline} />}
        </>
      )}
    </Text>
  );
}

function References({ assignment: { pageIds, taskIds } }: { assignment: Assignment }) {
  if (pageIds.length + taskIds.length === 0) return null;
  return (
    <Group gap="xs" component="ul" className={classes.list}>
      {pageIds.map((id) => (
        <PageReference key={id} id={id} />
      ))}
      {taskIds.map((id) => (
        <TaskReference key={id} id={id} />
      ))}
    </Group>
  );
}

function Report({ label, text }: { label: string; text: string | null | undefined }) {
  if (!text) return null;
  return (
    <Stack gap={2} component="section" aria-label={label} className={classes.report}>
      <Text size="xs" fw={600} c="dimmed">
        {label}
      </Text>
      <Markdown text={text} />
    </Stack>
  );
}

function Cancel({ assignment }: { assignment: Assignment }) {
  const cache = useQueryClient();
  const [isAsking, { open, close }] = useDisclosure(false);
  const may = mayWrite(useMe());
  const cancelling = useMutation<unknown, unknown, void>({
    mutationFn: () => cancelAssignment(assignment.id),
    onSuccess: () => {
      close();
      void cache.invalidateQueries({ queryKey: workKeys.of(assignment.agent.id) });
    },
  });
  if (!may) return null;
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={words.cancelOf(assignment.title)}
        onClick={open}
      >
        {texts.cancel}
      </Button>
      <ConfirmDialog
        title={words.cancelTitle(assignment.title)}
        text={words.cancelText}
        action={words.cancel}
        doing={cancelling}
        isOpen={isAsking}
        onClose={close}
      />
    </>
  );
}
