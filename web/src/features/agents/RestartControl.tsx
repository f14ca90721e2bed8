/** Owns starting an agent anew: at once when it is at nothing, else when confirmed. Must not know how it is done. */
import { Button, Group, Modal, Stack, Text, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';

import { restart } from '../../api/client';
import { problemOf } from '../../api/problems';
import type { Agent } from '../../api/shapes';
import { putAgent } from '../../live/events';
import { mayRunAgents, useMe } from '../../parts/me';
import { texts } from '../../texts';

const words = texts.restart;

export function RestartControl({ agent }: { agent: Agent }) {
  const cache = useQueryClient();
  const attempt = useMutation({
    mutationFn: () => restart(agent.id),
    onSuccess: (answered) => putAgent(cache, answered),
    onError: (thrown) => {
      const { detail } = problemOf(thrown);
      notifications.show({ color: 'red', title: words.failed(agent.name), message: detail });
    },
  });
  const [isAsking, { open, close }] = useDisclosure(false);
  const mayRun = mayRunAgents(useMe());
  if (!mayRun || agent.status === 'stopping') return null;
  const isBusy = agent.status === 'busy' || agent.status === 'waiting' || (agent.queued ?? 0) > 0;
  const confirmed = () => {
    close();
    attempt.mutate();
  };
  return (
    <>
      <Tooltip label={words.hint}>
        <Button
          size="xs"
          variant="default"
          leftSection={<RotateCcw size={13} aria-hidden />}
          loading={attempt.isPending}
          disabled={agent.status === 'spawning'}
          aria-label={`${words.action} ${agent.name}`}
          onClick={isBusy ? open : () => attempt.mutate()}
        >
          {words.action}
        </Button>
      </Tooltip>
      <Modal opened={isAsking} onClose={close} title={words.confirmTitle(agent.name)}>
        <Stack>
          <Text size="sm">{words.confirmText}</Text>
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close} data-autofocus>
              {texts.cancel}
            </Button>
            <Button color="red" onClick={confirmed}>
              {words.action}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
