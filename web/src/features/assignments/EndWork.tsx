/** Owns ending an assignment in its agent's stead, with what came of it. Must not know the card it stands on. */
import { Button, Group, Modal, Stack, Text, Textarea } from '@mantine/core';
import { getHotkeyHandler, useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import type { Assignment } from '../../api/knowledge';
import { reportOn, workKeys } from '../../api/work';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.work;

type End = 'done' | 'failed';

export function EndWork({ assignment, as }: { assignment: Assignment; as: End }) {
  const [isOpen, { open, close }] = useDisclosure(false);
  if (!mayWrite(useMe())) return null;
  const { action, of } = words.end[as];
  return (
    <>
      <Button size="compact-xs" variant="default" aria-label={of(assignment.title)} onClick={open}>
        {action}
      </Button>
      {isOpen && <EndDialog assignment={assignment} as={as} onClose={close} />}
    </>
  );
}

function EndDialog({ assignment, as, onClose }: { assignment: Assignment; as: End; onClose: () => void }) {
  const cache = useQueryClient();
  const [summary, setSummary] = useState('');
  const { title, text, action } = words.end[as];
  const ending = useMutation({
    mutationFn: () => reportOn(assignment.id, { state: as, summary: summary.trim() || undefined }),
    onSuccess: () => {
      onClose();
      void cache.invalidateQueries({ queryKey: workKeys.of(assignment.agent.id) });
    },
  });
  const send = (event?: FormEvent | KeyboardEvent) => {
    event?.preventDefault();
    if (!ending.isPending) ending.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={title(assignment.title)}>
      <form onSubmit={send} onKeyDown={getHotkeyHandler([['mod+Enter', () => send()]])}>
        <Stack gap="sm">
          <Text size="sm">{text}</Text>
          <Textarea
            label={words.end.summary}
            value={summary}
            onChange={({ currentTarget: { value } }) => setSummary(value)}
            autosize
            minRows={3}
            maxLength={4000}
            data-autofocus
          />
          {ending.isError && <ProblemNote error={ending.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" color={as === 'failed' ? 'red' : undefined} loading={ending.isPending}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
