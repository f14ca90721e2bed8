/** Owns an agent's page: header, and tabs that can be linked. Must not know what is in the slots. */
import { Button, Group, Skeleton, Stack, Tabs, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Bot, GitBranch } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, useNavigate, useParams } from 'react-router';

import { problemOf } from '../../api/problems';
import { agentQuery } from '../../api/queries';
import type { Agent } from '../../api/shapes';
import { EmptyState } from '../../parts/EmptyState';
import { KindName } from '../../parts/KindStanding';
import { ProblemNote } from '../../parts/ProblemNote';
import { Since } from '../../parts/RelativeTime';
import { hasEnded } from '../../parts/states';
import { AgentMark } from '../../parts/StatusMark';
import { texts } from '../../texts';
import { AgentDetails } from './AgentDetails';
import { InterruptControl } from './InterruptControl';
import { LimitCard } from './LimitCard';
import { LoginCard } from './LoginCard';
import { MessageBox } from './MessageBox';
import { OutcomeCard } from './OutcomeCard';
import { PermissionsTab } from './PermissionsTab';
import { PromptCard } from './PromptCard';
import { RestartControl } from './RestartControl';
import { StopControl } from './StopControl';
import { TerminalSection } from './TerminalSection';
import { TroubleCard } from './TroubleCard';
import classes from './doing.module.css';

const TABS = ['terminal', 'work', 'activity', 'recordings', 'permissions', 'details'] as const;
type Tab = (typeof TABS)[number];
// What is nowhere here cannot be shown: its terminal, and what was recorded of it.
const TABS_OF_OUTSIDERS: readonly Tab[] = ['permissions', 'work', 'activity', 'details'];

/** What other features show of an agent; the shell fills these in. */
export interface AgentSlots {
  terminal: (agent: Agent) => ReactNode;
  /** What it was given to do. */
  work: (agent: Agent) => ReactNode;
  activity: (agentId: string) => ReactNode;
  recordings: (agentId: string) => ReactNode;
  /** What it asked for, and asks people. */
  waiting: (agentId: string) => ReactNode;
}

export function AgentPage({ slots }: { slots: AgentSlots }) {
  const { id = '', tab } = useParams();
  const agent = useQuery(agentQuery(id));
  if (agent.data) return <Loaded key={id} agent={agent.data} tab={tab} slots={slots} />;
  if (agent.isPending) return <Skeleton m="lg" h={320} aria-label={texts.loading} />;
  if (problemOf(agent.error).status === 404) return <NoSuchAgent />;
  return (
    <Stack p="lg">
      <ProblemNote error={agent.error} onRetry={() => void agent.refetch()} />
    </Stack>
  );
}

function tabsOf(agent: Agent): readonly Tab[] {
  return agent.origin === 'external' ? TABS_OF_OUTSIDERS : TABS;
}

function NoSuchAgent() {
  return (
    <EmptyState icon={Bot} title={texts.agent.notFound} text={texts.agent.notFoundText}>
      <Button component={Link} to="/agents" variant="default" mt="sm">
        {texts.agent.toAll}
      </Button>
    </EmptyState>
  );
}

interface LoadedProps {
  agent: Agent;
  tab: string | undefined;
  slots: AgentSlots;
}

function Loaded({ agent, tab, slots }: LoadedProps) {
  const navigate = useNavigate();
  const tabs = tabsOf(agent);
  return (
    <Stack h="100%" gap={0} mih={0}>
      <title>{texts.title(agent.name)}</title>
      <Header agent={agent} />
      <Tabs
        value={tabs.find((name) => name === tab) ?? tabs[0]}
        onChange={(next) => void navigate(`/agents/${agent.id}/${next}`, { replace: true })}
        keepMounted={false}
        style={{ display: 'flex', flexDirection: 'column', flex: 1, minHeight: 0 }}
      >
        <Tabs.List px={{ base: 'sm', sm: 'lg' }}>
          {tabs.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {texts.agent.tabs[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel
          value="terminal"
          style={{ flex: 1, minHeight: 0, display: 'flex', flexDirection: 'column' }}
        >
          <LoginCard agent={agent} place="page" />
          <PromptCard agent={agent} place="page" />
          {slots.waiting(agent.id)}
          <LimitCard agent={agent} place="page" />
          <TroubleCard agent={agent} place="page" />
          <OutcomeCard agent={agent} />
          <TerminalSection agent={agent}>{slots.terminal(agent)}</TerminalSection>
          <MessageBox agent={agent} />
        </Tabs.Panel>
        <Tabs.Panel value="work" p={{ base: 'sm', sm: 'lg' }} style={{ overflow: 'auto' }}>
          {slots.work(agent)}
        </Tabs.Panel>
        <Tabs.Panel value="activity" p={{ base: 'sm', sm: 'lg' }} style={{ overflow: 'auto' }}>
          {slots.activity(agent.id)}
        </Tabs.Panel>
        <Tabs.Panel value="recordings" p={{ base: 'sm', sm: 'lg' }} style={{ overflow: 'auto' }}>
          {slots.recordings(agent.id)}
        </Tabs.Panel>
        <Tabs.Panel value="permissions" p={{ base: 'sm', sm: 'lg' }} style={{ overflow: 'auto' }}>
          <PermissionsTab agent={agent} />
        </Tabs.Panel>
        <Tabs.Panel value="details" p={{ base: 'sm', sm: 'lg' }} style={{ overflow: 'auto' }}>
          <AgentDetails agent={agent} />
        </Tabs.Panel>
      </Tabs>
    </Stack>
  );
}

function Branch({ name }: { name: string }) {
  return (
    <Group gap={4} wrap="nowrap" c="dimmed" title={texts.usage.branch}>
      <GitBranch size={13} aria-hidden />
      <Text size="xs" className="mono">
        {name}
      </Text>
    </Group>
  );
}

function Header({ agent }: { agent: Agent }) {
  return (
    <Group
      className={classes.header}
      justify="space-between"
      px={{ base: 'sm', sm: 'lg' }}
      pt="sm"
      pb={6}
      gap="sm"
    >
      <Group className={classes.about} gap="sm" miw={0}>
        <Title order={1} lineClamp={1}>
          {agent.name}
        </Title>
        <Text size="sm" c="dimmed">
          <KindName type={agent.type} /> {agent.version}
        </Text>
        <AgentMark agent={agent} />
        <Text size="xs" c="dimmed">
          <Since moment={agent.statusSince} />
        </Text>
        {agent.branch && <Branch name={agent.branch} />}
        {agent.evidence && !hasEnded(agent) && (
          <Text size="xs" c="dimmed" truncate flex={1} miw={0} visibleFrom="md" title={agent.evidence}>
            {agent.evidence}
          </Text>
        )}
      </Group>
      <Group gap="xs" wrap="nowrap" style={{ flex: 'none' }}>
        {agent.origin === 'spawned' && <InterruptControl agent={agent} />}
        {agent.origin === 'spawned' && agent.access === 'approved' && <RestartControl agent={agent} />}
        {agent.origin === 'spawned' && <StopControl agent={agent} size="xs" />}
      </Group>
    </Group>
  );
}
