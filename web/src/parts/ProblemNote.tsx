/** Owns how a problem stands where it happened: title, what to do, try again. Must not know what failed. */
import { Alert, Button, Group, Text } from '@mantine/core';
import { CircleAlert } from 'lucide-react';

import { problemOf } from '../api/problems';
import { texts } from '../texts';
import { Prose } from './Prose';

interface ProblemNoteProps {
  error: unknown;
  onRetry?: () => void;
}

export function ProblemNote({ error, onRetry }: ProblemNoteProps) {
  const problem = problemOf(error);
  return (
    <Alert color="red" variant="light" icon={<CircleAlert size={18} />} title={problem.title} role="alert">
      <Text size="sm">
        <Prose text={problem.detail} />
      </Text>
      {problem.requestId && (
        <Text size="xs" c="dimmed" mt={4}>
          {texts.problem.request} {problem.requestId}
        </Text>
      )}
      {onRetry && (
        <Group mt="sm">
          <Button size="xs" variant="default" onClick={onRetry}>
            {texts.problem.retry}
          </Button>
        </Group>
      )}
    </Alert>
  );
}
