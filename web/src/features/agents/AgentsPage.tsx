/** Owns the home page: agents by what they need from a person. Must not know how they are kept live. */
import { Button, Group, SimpleGrid, Skeleton, Stack, Text, Title, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronRight, Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';

import { agentsQuery } from '../../api/queries';
import type { Agent } from '../../api/shapes';
import { ProblemNote } from '../../parts/ProblemNote';
import { groupOf, GROUPS, type Group as GroupName } from '../../parts/states';
import { useNow } from '../../parts/useNow';
import { mayRunAgents, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { AgentCard } from './AgentCard';
import { FirstSteps } from './FirstSteps';

const GRID = { base: 1, sm: 2, lg: 3, xl: 4 };

/** What other features show on an agent's card; the shell fills it in. */
export type CardSlot = (agent: Agent) => ReactNode;

export function AgentsPage({ work }: { work: CardSlot }) {
  const agents = useQuery(agentsQuery);
  const [, setParams] = useSearchParams();
  const me = useMe();
  return (
    <Stack gap="lg" p={{ base: 'sm', sm: 'lg' }}>
      <title>{texts.title(texts.nav.agents)}</title>
      <Group justify="space-between">
        <Title order={1}>{texts.nav.agents}</Title>
        {mayRunAgents(me) && (
          <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setParams({ spawn: '1' })}>
            {texts.spawn.title}
          </Button>
        )}
      </Group>
      {agents.isPending && <LoadingCards />}
      {agents.isError && !agents.data && (
        <ProblemNote error={agents.error} onRetry={() => void agents.refetch()} />
      )}
      {agents.data?.length === 0 && <FirstSteps />}
      {agents.data && agents.data.length > 0 && <Groups agents={agents.data} work={work} />}
    </Stack>
  );
}

function LoadingCards() {
  return (
    <SimpleGrid cols={GRID} spacing="sm" aria-busy aria-label={texts.loading}>
      {[1, 2, 3].map((card) => (
        <Skeleton key={card} h={210} radius="md" />
      ))}
    </SimpleGrid>
  );
}

interface GroupsProps {
  agents: Agent[];
  work: CardSlot;
}

function Groups({ agents, work }: GroupsProps) {
  const now = useNow();
  const grouped = Map.groupBy(agents, (agent) => groupOf(agent, now));
  return GROUPS.map((group) => {
    const members = grouped.get(group);
    return members ? <AgentGroup key={group} group={group} agents={members} work={work} /> : null;
  });
}

function AgentGroup({ group, agents, work }: GroupsProps & { group: GroupName }) {
  const [isOpen, { toggle }] = useDisclosure(group !== 'stopped');
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <Stack component="section" gap="xs" aria-label={texts.groups[group]}>
      <UnstyledButton onClick={toggle} aria-expanded={isOpen} w="fit-content">
        <Group gap={6}>
          <Chevron size={15} aria-hidden />
          <Title order={2} fz="sm">
            {texts.groups[group]}
          </Title>
          <Text size="sm" c="dimmed">
            {agents.length}
          </Text>
        </Group>
      </UnstyledButton>
      {isOpen && (
        <SimpleGrid cols={GRID} spacing="sm">
          {agents.map((agent) => (
            <AgentCard key={agent.id} agent={agent} work={work} />
          ))}
        </SimpleGrid>
      )}
    </Stack>
  );
}
