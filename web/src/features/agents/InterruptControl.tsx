/** Owns ending an agent's turn without ending the agent. Must not know its keys. */
import { Button, Tooltip } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Hand } from 'lucide-react';

import { interrupt } from '../../api/client';
import { problemOf } from '../../api/problems';
import type { Agent } from '../../api/shapes';
import { putAgent } from '../../live/events';
import { hasEnded } from '../../parts/states';
import { mayRunAgents, useMe } from '../../parts/me';
import { texts } from '../../texts';

const words = texts.interrupt;

export function InterruptControl({ agent }: { agent: Agent }) {
  const cache = useQueryClient();
  const attempt = useMutation({
    mutationFn: () => interrupt(agent.id),
    onSuccess: (answered) => putAgent(cache, answered),
    onError: (thrown) => {
      const { detail } = problemOf(thrown);
      notifications.show({ color: 'red', title: words.failed(agent.name), message: detail });
    },
  });
  const mayRun = mayRunAgents(useMe());
  if (hasEnded(agent) || !mayRun) return null;
  const isBusy = agent.status === 'busy';
  return (
    <Tooltip label={isBusy ? words.hint : words.idle}>
      <Button
        size="xs"
        variant="default"
        leftSection={<Hand size={13} aria-hidden />}
        loading={attempt.isPending}
        disabled={!isBusy}
        aria-label={`${words.action} ${agent.name}`}
        onClick={() => attempt.mutate()}
      >
        {words.action}
      </Button>
    </Tooltip>
  );
}
