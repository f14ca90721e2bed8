/** Owns a state on screen: colour, icon and word, with its evidence on hover. Must not know where it stands. */
import { Group, Text, Tooltip } from '@mantine/core';
import {
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleHelp,
  CircleStop,
  KeyRound,
  LoaderCircle,
  PlugZap,
  type LucideIcon,
} from 'lucide-react';

import type { Agent, AgentStatus, TerminalStatus } from '../api/shapes';
import { STATUS, TERMINAL_STATUS, toneColor, type Tone } from './states';

const AGENT_ICONS: Record<AgentStatus, LucideIcon> = {
  spawning: CircleDashed,
  starting: CircleDashed,
  login_required: KeyRound,
  ready: CircleCheck,
  busy: LoaderCircle,
  waiting: CircleHelp,
  stopping: CircleDashed,
  stopped: CircleStop,
  error: CircleAlert,
};

const TERMINAL_ICONS: Record<TerminalStatus, LucideIcon> = {
  pending: CircleDashed,
  connecting: CircleDashed,
  active: CircleCheck,
  login_required: KeyRound,
  disconnected: PlugZap,
  terminated: CircleStop,
};

/** Any state: colour, icon, word. */
export function Mark({
  icon: Icon,
  word,
  tone,
  hover,
}: {
  icon: LucideIcon;
  word: string;
  tone: Tone;
  hover?: string | null;
}) {
  return (
    <Tooltip label={hover} disabled={!hover}>
      <Group gap={5} wrap="nowrap" c={toneColor(tone)} tabIndex={hover ? 0 : undefined} display="inline-flex">
        <Icon size={14} aria-hidden style={{ flex: 'none' }} />
        <Text span size="sm" fw={600} style={{ whiteSpace: 'nowrap' }}>
          {word}
        </Text>
      </Group>
    </Tooltip>
  );
}

export function AgentMark({ agent }: { agent: Agent }) {
  const { word, tone } = STATUS[agent.status];
  return <Mark icon={AGENT_ICONS[agent.status]} word={word} tone={tone} hover={agent.evidence} />;
}

export function TerminalMark({ status }: { status: TerminalStatus }) {
  const { word, tone } = TERMINAL_STATUS[status];
  return <Mark icon={TERMINAL_ICONS[status]} word={word} tone={tone} />;
}
