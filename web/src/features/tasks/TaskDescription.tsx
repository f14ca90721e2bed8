/** Owns the text of a task: reading it, and editing it without losing what was typed. Must not know the other fields. */
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { Pencil } from 'lucide-react';
import { useState } from 'react';

import type { Task } from '../../api/knowledge';
import { draftOf, dropDraft, keepDraft } from '../../parts/drafts';
import { Markdown } from '../../parts/markdown/Markdown';
import { MarkdownEditor } from '../../parts/markdown/MarkdownEditor';
import { mayWrite, useMe } from '../../parts/me';
import { texts } from '../../texts';
import type { TaskChanging } from './useTaskChange';

const words = texts.tasks;

/** Under which name what is typed into a task's text is kept. */
export function draftName(userId: string, taskId: string): string {
  return `task.${userId}.${taskId}`;
}

interface TaskDescriptionProps {
  task: Task;
  changing: TaskChanging;
}

export function TaskDescription({ task, changing }: TaskDescriptionProps) {
  const me = useMe();
  const name = draftName(me.user.id, task.id);
  // Beside the text the version that it was begun on: somebody else's may come meanwhile.
  const [begun, setBegun] = useState(() => draftOf(name));
  const typed = begun?.content ?? null;
  const leave = () => {
    setBegun(null);
    dropDraft(name);
  };
  const edit = () => setBegun({ title: task.title, content: task.description, version: task.version });
  const type = (content: string) => {
    if (!begun) return;
    setBegun({ ...begun, content });
    keepDraft(name, { ...begun, content });
  };
  const save = () => {
    if (!begun) return;
    if (begun.content === task.description) return leave();
    changing.change({ description: begun.content }, { version: begun.version, onSaved: leave });
  };
  return (
    <Stack gap="xs" component="section" aria-label={words.fields.description}>
      <Group gap="xs">
        <Title order={2}>{words.fields.description}</Title>
        {typed === null && mayWrite(me) && (
          <Button
            size="compact-xs"
            variant="subtle"
            leftSection={<Pencil size={12} aria-hidden />}
            aria-label={words.editDescription}
            onClick={edit}
          >
            {words.edit}
          </Button>
        )}
      </Group>
      {typed === null && task.description.trim() !== '' && <Markdown text={task.description} />}
      {typed === null && task.description.trim() === '' && (
        <Text size="sm" c="dimmed">
          {words.noDescription}
        </Text>
      )}
      {typed !== null && (
        <>
          <MarkdownEditor
            initial={typed}
            size="small"
            label={words.fields.description}
            placeholder={texts.editor.hint.split(';')[0]}
            hasFocus
            onChange={type}
            onSave={save}
          />
          <Group gap="xs">
            <Button
              size="compact-sm"
              loading={changing.wanted?.description !== undefined}
              title={texts.editor.keys}
              onClick={save}
            >
              {words.save}
            </Button>
            <Button size="compact-sm" variant="default" onClick={leave}>
              {texts.cancel}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}
