/** Owns giving an agent work. Must not know how it is delivered. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { getHotkeyHandler } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import type { Agent } from '../../api/shapes';
import { assign, workKeys } from '../../api/work';
import { AssignmentFields } from '../../parts/AssignmentFields';
import { EMPTY_WORK, toAssignment, WORK_FIELDS, workErrors } from '../../parts/assignmentForm';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.work;

export function AssignDialog({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const cache = useQueryClient();
  const [form, setForm] = useState(EMPTY_WORK);
  const assigning = useMutation({
    mutationFn: () => assign(agent.id, toAssignment(form)),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: workKeys.of(agent.id) });
      onClose();
    },
  });
  const refused = formErrors(assigning.error, WORK_FIELDS);
  const isReady =
    form.title.trim() !== '' && form.instructions.trim() !== '' && Object.keys(workErrors(form)).length === 0;
  const send = (event?: FormEvent | KeyboardEvent) => {
    event?.preventDefault();
    if (isReady && !assigning.isPending) assigning.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={words.assignTo(agent.name)} size="lg">
      <form onSubmit={send} onKeyDown={getHotkeyHandler([['mod+Enter', () => send()]])}>
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {words.lead}
          </Text>
          <AssignmentFields
            form={form}
            errors={{ ...refused.at, ...workErrors(form) }}
            hasFocus
            onChange={(part) => setForm((known) => ({ ...known, ...part }))}
          />
          {refused.whole && <ProblemNote error={assigning.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" disabled={!isReady} loading={assigning.isPending}>
              {words.action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
