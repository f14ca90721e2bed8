/** Owns one agent on the home page. Must not know which group it stands in. */
import { Anchor, Button, Group, Stack, Text } from '@mantine/core';
import { SquareTerminal } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import type { Agent } from '../../api/shapes';
import { KindName } from '../../parts/KindStanding';
import { Since } from '../../parts/RelativeTime';
import { hasEnded } from '../../parts/states';
import { AgentMark } from '../../parts/StatusMark';
import { texts } from '../../texts';
import { LimitCard } from './LimitCard';
import { LoginCard } from './LoginCard';
import { PromptCard } from './PromptCard';
import { ScreenPreview } from './ScreenPreview';
import { splitError } from './screenLines';
import { StopControl } from './StopControl';
import { TroubleCard } from './TroubleCard';

interface AgentCardProps {
  agent: Agent;
  /** What it has to do, which other features know. */
  work: (agent: Agent) => ReactNode;
}

export function AgentCard({ agent, work }: AgentCardProps) {
  return (
    <Stack component="article" aria-label={agent.name} className="surface" gap="xs" p="sm">
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Group gap={8} wrap="nowrap" miw={0} align="baseline">
          <Anchor component={Link} to={`/agents/${agent.id}`} fw={600} c="inherit" size="sm" truncate>
            {agent.name}
          </Anchor>
          <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
            <KindName type={agent.type} />
          </Text>
        </Group>
        <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
          <Since moment={agent.statusSince} />
        </Text>
      </Group>
      <AgentMark agent={agent} />
      <LoginCard agent={agent} place="home" />
      <PromptCard agent={agent} place="home" />
      <LimitCard agent={agent} place="home" />
      <TroubleCard agent={agent} place="home" />
      {!hasEnded(agent) && work(agent)}
      {agent.origin === 'spawned' ? (
        <ScreenPreview agent={agent} />
      ) : (
        <Text size="xs" c="dimmed">
          {texts.access.outside}
          {agent.description && ` · ${agent.description}`}
        </Text>
      )}
      {hasEnded(agent) && <Reason agent={agent} />}
      <Group gap="xs" mt="auto">
        <Button
          component={Link}
          to={`/agents/${agent.id}${hasEnded(agent) || agent.origin === 'external' ? '' : '?terminal=1'}`}
          size="compact-sm"
          variant="light"
          leftSection={<SquareTerminal size={14} aria-hidden />}
          aria-label={`${texts.agent.open} ${agent.name}`}
        >
          {texts.agent.open}
        </Button>
        {agent.origin === 'spawned' && <StopControl agent={agent} size="compact-sm" />}
      </Group>
    </Stack>
  );
}

function Reason({ agent }: { agent: Agent }) {
  const isError = agent.status === 'error';
  return (
    <Text
      size="xs"
      c={isError ? 'var(--raven-failure)' : 'dimmed'}
      lineClamp={3}
      style={{ overflowWrap: 'anywhere' }}
    >
      {splitError(agent.error ?? agent.evidence ?? '').reason}
    </Text>
  );
}
