/** Owns what fills the slots of an agent's page. Must not know their insides. */
import { Box, Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';

import type { Agent } from '../api/shapes';
import { ActivityFeed } from '../features/activity/ActivityFeed';
import { AgentPage, type AgentSlots } from '../features/agents/AgentPage';
import { WaitingCards } from '../features/approvals/WaitingCards';
import { hasCard } from '../parts/states';
import { PALETTE } from '../parts/terminalLook';
import { texts } from '../texts';

const TerminalPanel = lazy(() => import('../features/terminal/TerminalPanel'));
const WorkTab = lazy(() => import('../features/assignments/WorkTab'));
const RecordingList = lazy(() => import('../features/recordings/RecordingList'));

const slots: AgentSlots = {
  terminal: (agent) => <TerminalSlot agent={agent} />,
  work: (agent) => (
    <Suspense fallback={<Skeleton h={120} aria-label={texts.loading} />}>
      <WorkTab agent={agent} />
    </Suspense>
  ),
  activity: (agentId) => <ActivityFeed filter={{ agentId }} />,
  recordings: (agentId) => (
    <Suspense fallback={<Skeleton h={120} aria-label={texts.loading} />}>
      <RecordingList agentId={agentId} />
    </Suspense>
  ),
  waiting: (agentId) => <WaitingCards agentId={agentId} />,
};

function TerminalSlot({ agent }: { agent: Agent }) {
  const link = `${window.location.origin}/agents/${agent.id}/terminal?terminal=1`;
  return (
    <Suspense fallback={<Box flex={1} bg={PALETTE.background} aria-busy aria-label={texts.loading} />}>
      <TerminalPanel key={agent.session?.id} agentId={agent.id} link={link} isHeld={hasCard(agent)} />
    </Suspense>
  );
}

export function AgentRoute() {
  return <AgentPage slots={slots} />;
}
