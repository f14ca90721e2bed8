/** Owns ending an agent: ask first, force only when confirmed. Must not know where the button stands. */
import { Button, type ButtonProps } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Square } from 'lucide-react';
import { lazy, Suspense } from 'react';

import { stop } from '../../api/client';
import { problemOf } from '../../api/problems';
import type { Agent } from '../../api/shapes';
import { putAgent } from '../../live/events';
import { hasEnded } from '../../parts/states';
import { mayRunAgents, useMe } from '../../parts/me';
import { texts } from '../../texts';

// Loaded when it can be asked.
const ForceStopDialog = lazy(() => import('./ForceStopDialog'));

/** Asks an agent to end; what it answers is live at once. */
export function useStop() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ agent, force }: { agent: Agent; force: boolean }) => stop(agent.id, { force }),
    onSuccess: (agent) => putAgent(cache, agent),
    onError: (thrown, { agent }) => {
      const problem = problemOf(thrown);
      notifications.show({ color: 'red', title: texts.stop.failed(agent.name), message: problem.detail });
    },
  });
}

/** Stop, and once the agent is stopping, Force stop. Nothing when it has ended. */
export function StopControl({ agent, size }: { agent: Agent; size?: ButtonProps['size'] }) {
  const attempt = useStop();
  const [isAsking, { open, close }] = useDisclosure(false);
  const me = useMe();
  if (hasEnded(agent) || !mayRunAgents(me)) return null;
  const isStopping = agent.status === 'stopping';
  const force = () => {
    close();
    attempt.mutate({ agent, force: true });
  };
  return (
    <>
      <Button
        size={size}
        variant="default"
        color={isStopping ? 'red' : undefined}
        leftSection={<Square size={13} aria-hidden />}
        loading={attempt.isPending}
        aria-label={`${isStopping ? texts.stop.force : texts.stop.action} ${agent.name}`}
        onClick={isStopping ? open : () => attempt.mutate({ agent, force: false })}
      >
        {isStopping ? texts.stop.force : texts.stop.action}
      </Button>
      {isStopping && (
        <Suspense>
          <ForceStopDialog agent={agent} isOpen={isAsking} onForce={force} onClose={close} />
        </Suspense>
      )}
    </>
  );
}
