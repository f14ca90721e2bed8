/** Owns how an agent's end is told: why, its last lines, and what to do next. Must not restart anything. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { CircleAlert, CircleStop } from 'lucide-react';
import { useSearchParams } from 'react-router';

import type { Agent } from '../../api/shapes';
import { hasEnded } from '../../parts/states';
import { texts } from '../../texts';
import { splitError } from './screenLines';

const words = texts.outcome;

export function OutcomeCard({ agent }: { agent: Agent }) {
  const [, setParams] = useSearchParams();
  if (!hasEnded(agent)) return null;
  const isError = agent.status === 'error';
  const { reason, lines } = splitError(agent.error ?? agent.evidence ?? words.unknown);
  return (
    <Alert
      mx={{ base: 'sm', sm: 'lg' }}
      mt="sm"
      variant="light"
      color={isError ? 'red' : 'gray'}
      title={isError ? words.error : words.stopped}
      icon={isError ? <CircleAlert size={18} /> : <CircleStop size={18} />}
      style={{ flex: 'none' }}
    >
      <Text size="sm">{reason}</Text>
      {lines.length > 0 && (
        <pre className="screen screen-scroll" style={{ marginTop: 8 }} aria-label={words.lastLines}>
          {lines.join('\n')}
        </pre>
      )}
      <Text size="sm" c="dimmed" mt={8}>
        {isError ? words.errorNext : words.stoppedNext}
      </Text>
      <Group mt="xs">
        <Button size="compact-sm" variant="default" onClick={() => setParams({ spawn: '1' })}>
          {texts.spawn.title}
        </Button>
      </Group>
    </Alert>
  );
}
