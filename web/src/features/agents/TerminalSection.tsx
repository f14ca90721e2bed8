/** Owns whether an agent's terminal is shown. Must not know how a terminal works: it comes in as children. */
import { Button, Group, Stack, Text } from '@mantine/core';
import { Clapperboard, SquareTerminal } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';

import type { Agent } from '../../api/shapes';
import { useTerminalOpen } from '../../parts/preferences';
import { hasEnded } from '../../parts/states';
import { texts } from '../../texts';
import { ScreenPreview } from './ScreenPreview';

// Lines of the folded terminal: enough to see what the agent is at.
const FOLDED_LINES = 12;

export function TerminalSection({ agent, children }: { agent: Agent; children: ReactNode }) {
  // What ended before one came has no screen to show; what ends while one looks on keeps its last.
  const [cameToLive] = useState(!hasEnded(agent));
  const [params, setParams] = useSearchParams();
  const [wasLeftOpen, rememberOpen] = useTerminalOpen();
  const asked = params.get('terminal');
  // A login happens in the terminal, so it opens by itself then.
  const wantsOpen = wasLeftOpen || agent.status === 'login_required';
  const isOpen = asked === null ? wantsOpen && !hasEnded(agent) : asked === '1';
  const show = (open: boolean) => {
    rememberOpen(open);
    setParams(open ? { terminal: '1' } : { terminal: '0' }, { replace: true });
  };
  if (hasEnded(agent) && !cameToLive) return <Row>{agent.session && <RecordingLink agent={agent} />}</Row>;
  if (!agent.session) return <NoSession agent={agent} />;
  return (
    <Stack gap={0} style={{ flex: 1, minHeight: 0 }} component="section" aria-label={texts.terminal.section}>
      <Row>
        <Button
          size="compact-sm"
          variant={isOpen ? 'subtle' : 'filled'}
          color={isOpen ? 'gray' : undefined}
          leftSection={<SquareTerminal size={14} aria-hidden />}
          aria-expanded={isOpen}
          onClick={() => show(!isOpen)}
        >
          {isOpen ? texts.terminal.hide : texts.terminal.show}
        </Button>
        {hasEnded(agent) && <RecordingLink agent={agent} />}
      </Row>
      {isOpen ? children : <FoldedScreen agent={agent} />}
    </Stack>
  );
}

function Row({ children }: { children: ReactNode }) {
  return (
    <Group px={{ base: 'sm', sm: 'lg' }} py={6} gap="xs">
      {children}
    </Group>
  );
}

/** What an ended terminal leaves: everything that ever stood on it. */
function RecordingLink({ agent }: { agent: Agent }) {
  return (
    <Button
      component={Link}
      to={`/recordings/${agent.session?.id}`}
      size="compact-sm"
      variant="light"
      leftSection={<Clapperboard size={14} aria-hidden />}
    >
      {texts.terminal.watchRecording}
    </Button>
  );
}

function FoldedScreen({ agent }: { agent: Agent }) {
  if (hasEnded(agent)) return null;
  return (
    <Stack px={{ base: 'sm', sm: 'lg' }} pb="sm">
      <ScreenPreview agent={agent} lines={FOLDED_LINES} />
    </Stack>
  );
}

function NoSession({ agent }: { agent: Agent }) {
  if (hasEnded(agent)) return null;
  return (
    <Text size="sm" c="dimmed" p="lg">
      {texts.terminal.notYet}
    </Text>
  );
}
