/** Owns the messages that wait for an agent, and taking one back. Must not know how they are sent. */
import { ActionIcon, Group, Text, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { X } from 'lucide-react';

import { cancelMessage } from '../../api/client';
import { problemOf } from '../../api/problems';
import type { Agent } from '../../api/shapes';
import { putAgent } from '../../live/events';
import { texts as all } from '../../texts';

const words = all.message;

/** One row for each; its words where they are known here. */
export function QueuedMessages({ agent, texts }: { agent: Agent; texts: Record<string, string> }) {
  const cache = useQueryClient();
  const taking = useMutation({
    mutationFn: (message: string) => cancelMessage(agent.id, message),
    onSuccess: (answered) => putAgent(cache, answered),
    onError: (thrown) => {
      const { title, detail } = problemOf(thrown);
      notifications.show({ color: 'red', title, message: detail });
    },
  });
  return agent.queuedMessages?.map((id, index) => (
    <Group key={id} gap={6} mt={4} wrap="nowrap">
      <Tooltip label={words.takeBack}>
        <ActionIcon
          size="xs"
          variant="subtle"
          color="gray"
          loading={taking.isPending && taking.variables === id}
          aria-label={words.takeBackOf(index + 1)}
          onClick={() => taking.mutate(id)}
        >
          <X size={12} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Text size="xs" c="dimmed" truncate>
        {texts[id] ?? words.waits(index + 1)}
      </Text>
    </Group>
  ));
}
