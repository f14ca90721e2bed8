/** Owns one task in full: what it is, who does it, its text, comments, and whether agents see it. Must not know the list it stands in. */
import { ActionIcon, Button, Drawer, Group, Skeleton, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useClipboard, useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, Link2, SquareX, Trash2 } from 'lucide-react';
import { useState, type ReactNode } from 'react';

import type { Subject, Task } from '../../api/knowledge';
import { problemOf, staleOf } from '../../api/problems';
import { deleteTask, taskKeys, taskQuery } from '../../api/tasks';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { ConflictNote, KeptAside } from '../../parts/ConflictNote';
import { dropDraft } from '../../parts/drafts';
import { EmptyState } from '../../parts/EmptyState';
import { formErrors } from '../../parts/field-errors';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { TaskAgentAccess } from './TaskAgentAccess';
import { draftName, TaskDescription } from './TaskDescription';
import { TaskFields } from './TaskFields';
import { TaskPages } from './TaskPages';
import { useTaskChange, type TaskChanging } from './useTaskChange';

const words = texts.tasks;

interface TaskDrawerProps {
  id: string | undefined;
  onClose: () => void;
  comments: (subject: Subject) => ReactNode;
}

export function TaskDrawer({ id, onClose, comments }: TaskDrawerProps) {
  const task = useQuery({ ...taskQuery(id ?? ''), enabled: id !== undefined });
  return (
    <Drawer
      opened={id !== undefined}
      onClose={onClose}
      position="right"
      size="xl"
      title={task.data ? words.number(task.data.number) : words.title}
      closeButtonProps={{ 'aria-label': words.close }}
    >
      {id && task.data && <Full key={id} task={task.data} onClose={onClose} comments={comments} />}
      {id && task.isPending && <Skeleton h={300} aria-label={texts.loading} />}
      {id && task.isError && !task.data && <Missing error={task.error} onRetry={() => void task.refetch()} />}
    </Drawer>
  );
}

function Missing({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (problemOf(error).status !== 404) return <ProblemNote error={error} onRetry={onRetry} />;
  return <EmptyState icon={SquareX} title={words.missing} text={words.missingText} />;
}

interface FullProps {
  task: Task;
  onClose: () => void;
  comments: (subject: Subject) => ReactNode;
}

function Full({ task, onClose, comments }: FullProps) {
  const changing = useTaskChange(task);
  const me = useMe();
  const may = mayWrite(me);
  const [aside, setAside] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  const takeTheirs = async () => {
    const { title, description } = await changing.reread();
    setAside(typeof description === 'string' ? description : (title ?? null));
    if (description !== undefined) dropDraft(draftName(me.user.id, task.id));
    setRound((before) => before + 1);
  };
  const errors = formErrors(changing.error, [
    'title',
    'status',
    'priority',
    'bucket',
    'dueDate',
    'projectId',
    'pageIds',
  ]);
  const isStale = staleOf(changing.error) !== null;
  return (
    <Stack gap="md">
      <title>{texts.title(task.title)}</title>
      <TaskTitle key={`${round}-${task.title}`} task={task} changing={changing} error={errors.at.title} />
      <TaskFields
        value={{
          ...task,
          assignee: task.assignee ?? null,
          dueDate: task.dueDate?.slice(0, 10) ?? '',
          projectId: task.projectId ?? null,
        }}
        disabled={!may}
        errors={errors.at}
        onChange={(part) => changing.choose(part)}
      />
      {errors.whole && !isStale && <ProblemNote error={changing.error} />}
      <ConflictNote saving={changing} onMine={(version) => changing.again(version)} onTheirs={takeTheirs} />
      {aside !== null && <KeptAside text={aside} onClose={() => setAside(null)} />}
      <TaskDescription key={`text-${round}`} task={task} changing={changing} />
      <TaskPages task={task} changing={changing} error={errors.at.pageIds} />
      <TaskAgentAccess task={task} changing={changing} />
      <About task={task} onClose={onClose} />
      {comments({ taskId: task.id })}
    </Stack>
  );
}

interface TaskTitleProps {
  task: Task;
  changing: TaskChanging;
  error?: string;
}

function TaskTitle({ task, changing, error }: TaskTitleProps) {
  const [title, setTitle] = useState(task.title);
  const may = mayWrite(useMe());
  const save = () => {
    const wanted = title.trim();
    if (wanted !== '' && wanted !== task.title) changing.change({ title: wanted });
  };
  return (
    <TextInput
      aria-label={words.name}
      size="md"
      fw={600}
      readOnly={!may}
      value={title}
      error={error}
      onChange={(event) => setTitle(event.currentTarget.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur();
      }}
    />
  );
}

function About({ task, onClose }: { task: Task; onClose: () => void }) {
  const clipboard = useClipboard();
  const copy = () => clipboard.copy(`${window.location.origin}/tasks/${task.id}`);
  return (
    <Group gap="xs" justify="space-between">
      <Text size="xs" c="dimmed" component="div">
        {words.created} <Ago moment={task.createdAt} /> {words.by(task.createdBy.name)} · {words.changed}{' '}
        <Ago moment={task.updatedAt} /> {words.by(task.updatedBy.name)}
        {task.completedAt && (
          <>
            {' '}
            · {words.completed} <Ago moment={task.completedAt} />
          </>
        )}
      </Text>
      <Group gap={4}>
        <Tooltip label={clipboard.copied ? texts.copy.done : words.copyLink}>
          <ActionIcon variant="subtle" color="gray" aria-label={words.copyLink} onClick={copy}>
            {clipboard.copied ? <Check size={15} /> : <Link2 size={15} />}
          </ActionIcon>
        </Tooltip>
        <Deletion task={task} onGone={onClose} />
      </Group>
    </Group>
  );
}

function Deletion({ task, onGone }: { task: Task; onGone: () => void }) {
  const cache = useQueryClient();
  const [isAsking, { open, close }] = useDisclosure(false);
  const may = mayWrite(useMe());
  const deleting = useMutation<unknown, unknown, void>({
    mutationFn: () => deleteTask(task.id),
    onSuccess: () => {
      close();
      onGone();
      cache.removeQueries({ queryKey: taskKeys.one(task.id) });
      void cache.invalidateQueries({ queryKey: taskKeys.lists });
      void cache.invalidateQueries({ queryKey: taskKeys.projects });
    },
  });
  if (!may) return null;
  return (
    <>
      <Button
        size="compact-xs"
        variant="subtle"
        color="red"
        leftSection={<Trash2 size={13} aria-hidden />}
        onClick={open}
      >
        {words.delete}
      </Button>
      <ConfirmDialog
        title={words.deleteTitle(task.title)}
        text={words.deleteText}
        action={words.delete}
        doing={deleting}
        isOpen={isAsking}
        onClose={close}
      />
    </>
  );
}
