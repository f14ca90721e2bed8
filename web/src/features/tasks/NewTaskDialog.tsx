/** Owns making a task. Must not know the board or list behind it. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { getHotkeyHandler } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import type { NewTask } from '../../api/knowledge';
import { createTask, taskKeys } from '../../api/tasks';
import { formErrors } from '../../parts/field-errors';
import { MarkdownEditor } from '../../parts/markdown/MarkdownEditor';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { TaskFields, type Chosen } from './TaskFields';

const words = texts.tasks;
const FIELDS = ['title', 'description', 'status', 'priority', 'bucket', 'dueDate', 'projectId'] as const;

const EMPTY: Omit<Chosen, 'projectId'> = {
  status: 'todo',
  priority: 'medium',
  bucket: 'none',
  assignee: null,
  dueDate: '',
};

interface NewTaskDialogProps {
  projectId: string | undefined;
  onClose: () => void;
}

export function NewTaskDialog({ projectId, onClose }: NewTaskDialogProps) {
  const cache = useQueryClient();
  const [title, setTitle] = useState('');
  const [description, setDescription] = useState('');
  const [chosen, setChosen] = useState<Chosen>({ ...EMPTY, projectId: projectId ?? null });
  const making = useMutation({
    mutationFn: () => createTask(bodyOf(title, description, chosen)),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: taskKeys.all });
      void cache.invalidateQueries({ queryKey: taskKeys.projects });
      onClose();
    },
  });
  const errors = formErrors(making.error, FIELDS);
  const send = (event?: FormEvent | KeyboardEvent) => {
    event?.preventDefault();
    if (title.trim() !== '' && !making.isPending) making.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={words.new} size="lg">
      <form onSubmit={send} onKeyDown={getHotkeyHandler([['mod+Enter', () => send()]])}>
        <Stack gap="sm">
          <TextInput
            label={words.name}
            data-autofocus
            value={title}
            error={errors.at.title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          <Stack gap={4}>
            <Text size="sm" fw={500}>
              {words.fields.description}
            </Text>
            <MarkdownEditor
              initial=""
              size="small"
              label={words.fields.description}
              placeholder={texts.editor.hint.split(';')[0]}
              onChange={setDescription}
            />
          </Stack>
          <TaskFields
            value={chosen}
            errors={errors.at}
            onChange={(part) => setChosen((known) => ({ ...known, ...part }))}
          />
          {errors.whole && <ProblemNote error={making.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" disabled={title.trim() === ''} loading={making.isPending}>
              {words.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function bodyOf(title: string, description: string, chosen: Chosen): NewTask {
  const { assignee, dueDate, projectId, ...rest } = chosen;
  const body: NewTask = { ...rest, title: title.trim() };
  if (description.trim() !== '') body.description = description;
  if (assignee) body.assigneeId = assignee.id;
  if (dueDate) body.dueDate = dueDate;
  if (projectId) body.projectId = projectId;
  return body;
}
