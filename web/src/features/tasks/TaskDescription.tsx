/** Owns the text of a task: reading it, and editing it without losing what was typed. Must not know the other fields. */
import { Button, Group, Stack, Text, Title } from '@mantine/core';
import { Pencil } from 'lucide-react';
import { useRef, useState } from 'react';

import type { Task } from '../../api/knowledge';
import { draftOf, dropDraft, keepDraft, type Draft } from '../../parts/drafts';
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

/** What is typed into a task's text: on top of which version, kept as a draft, saved once. */
function useTyping({ task, changing }: TaskDescriptionProps) {
  const me = useMe();
  const name = draftName(me.user.id, task.id);
  // Beside the text the version that it was begun on: somebody else's may come meanwhile.
  const [begun, setBegun] = useState(() => draftOf(name));
  // What is typed now, for a save that ends after it: the state that it began with is of before.
  const latest = useRef(begun);
  const typed = begun?.content ?? null;
  const put = (draft: Draft | null) => {
    latest.current = draft;
    setBegun(draft);
  };
  const leave = () => {
    put(null);
    dropDraft(name);
  };
  const edit = () => put({ title: task.title, content: task.description, version: task.version });
  const keep = (draft: Draft) => {
    put(draft);
    keepDraft(name, draft);
  };
  const type = (content: string) => {
    if (latest.current) keep({ ...latest.current, content });
  };
  const save = () => {
    if (!begun) return;
    if (begun.content === task.description) return leave();
    const onSaved = (saved: Task) => {
      const now = latest.current;
      // More was typed while it was saved: that is on top of what is saved now.
      if (now && now.content !== begun.content) keep({ ...now, version: saved.version });
      else leave();
    };
    changing.change({ description: begun.content }, { version: begun.version, onSaved });
  };
  return { typed, edit, type, save, leave };
}

export function TaskDescription({ task, changing }: TaskDescriptionProps) {
  const me = useMe();
  const { typed, edit, type, save, leave } = useTyping({ task, changing });
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
