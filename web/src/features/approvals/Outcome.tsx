/** Owns how what came of a request is shown. Must not know how it was decided. */
import { Anchor, Group, Text } from '@mantine/core';
import { Link } from 'react-router';

import type { Approval } from '../../api/shapes';
import classes from './approvals.module.css';

interface Spawned {
  id: string;
  name: string;
}

export function Outcome({ approval }: { approval: Approval }) {
  const agents = spawned(approval.result);
  return (
    <>
      {approval.error && (
        <Text size="sm" c="var(--raven-failure)" className={classes.words}>
          {approval.error}
        </Text>
      )}
      {agents.length > 0 && (
        <Group gap="sm">
          {agents.map((agent) => (
            <Anchor key={agent.id} component={Link} to={`/agents/${agent.id}`} size="sm">
              {agent.name}
            </Anchor>
          ))}
        </Group>
      )}
    </>
  );
}

/** The agents that a result tells of, where it is that of a spawn. */
function spawned(result: unknown): Spawned[] {
  if (typeof result !== 'object' || result === null || !('spawnedAgents' in result)) return [];
  const { spawnedAgents } = result;
  return Array.isArray(spawnedAgents) ? (spawnedAgents as Spawned[]) : [];
}
