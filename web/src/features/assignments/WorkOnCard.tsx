/** Owns what an agent's card says of its work: the one it is at, and how many wait. Must not know the card. */
import { Anchor, Group, Progress, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { openAssignmentsQuery } from '../../api/work';
import { texts } from '../../texts';
import { AssignmentMark } from './AssignmentMark';
import { openOnes } from './states';

const words = texts.work;

export function WorkOnCard({ agentId }: { agentId: string }) {
  const all = useQuery(openAssignmentsQuery).data ?? [];
  const open = openOnes(all.filter(({ agent }) => agent.id === agentId));
  const [first] = open;
  if (!first) return null;
  return (
    <Stack gap={4} component="section" aria-label={words.count(open.length)}>
      <Group gap={8} wrap="nowrap" miw={0}>
        <AssignmentMark state={first.state} />
        <Anchor component={Link} to={`/agents/${agentId}/work`} size="xs" truncate>
          {first.title}
        </Anchor>
        {open.length > 1 && (
          <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
            {words.more(open.length - 1)}
          </Text>
        )}
      </Group>
      {typeof first.progress === 'number' && (
        <Progress size="xs" value={first.progress} aria-label={words.progress(first.progress)} />
      )}
    </Stack>
  );
}
