/** Owns the question before an agent is ended by force. Must not know how that is done. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';

import type { Agent } from '../../api/shapes';
import { texts } from '../../texts';

interface ForceStopDialogProps {
  agent: Agent;
  isOpen: boolean;
  onForce: () => void;
  onClose: () => void;
}

export default function ForceStopDialog({ agent, isOpen, onForce, onClose }: ForceStopDialogProps) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={texts.stop.confirmTitle(agent.name)}>
      <Stack>
        <Text size="sm">{texts.stop.confirmText}</Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            {texts.cancel}
          </Button>
          <Button color="red" onClick={onForce}>
            {texts.stop.force}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
