/** Owns the question before something that is not undone. Must not know what it is. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import type { UseMutationResult } from '@tanstack/react-query';

import { texts } from '../texts';
import { ProblemNote } from './ProblemNote';

interface ConfirmDialogProps {
  title: string;
  text: string;
  action: string;
  doing: UseMutationResult<unknown, unknown, void>;
  isOpen: boolean;
  onClose: () => void;
}

export function ConfirmDialog({ title, text, action, doing, isOpen, onClose }: ConfirmDialogProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={title}>
      <Stack ta="left">
        <Text size="sm">{text}</Text>
        {doing.isError && <ProblemNote error={doing.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            {texts.cancel}
          </Button>
          <Button color="red" loading={doing.isPending} onClick={() => doing.mutate()}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
