/** Owns naming a new workspace. Must not know how one gets there. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import { createWorkspace } from '../api/people';
import { formErrors } from '../parts/field-errors';
import { ProblemNote } from '../parts/ProblemNote';
import { texts } from '../texts';

const words = texts.workspaces;

interface NewWorkspaceDialogProps {
  isOpen: boolean;
  onCreated: (workspaceId: string) => Promise<void>;
  onClose: () => void;
}

export default function NewWorkspaceDialog({ isOpen, onCreated, onClose }: NewWorkspaceDialogProps) {
  const [name, setName] = useState('');
  const creating = useMutation({
    mutationFn: async () => onCreated((await createWorkspace(name.trim())).id),
  });
  const errors = formErrors(creating.error, ['name'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creating.mutate();
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={words.createTitle}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm" c="dimmed">
            {words.createText}
          </Text>
          <TextInput
            label={words.name}
            required
            data-autofocus
            value={name}
            error={errors.at.name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {errors.whole && <ProblemNote error={creating.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" loading={creating.isPending} disabled={name.trim() === ''}>
              {words.createAction}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
