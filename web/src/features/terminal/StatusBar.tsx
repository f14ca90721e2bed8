/** Owns the slim bar under a terminal: role, viewers, size, round trip, connection, small tools. */
import { ActionIcon, CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { AArrowDown, AArrowUp, Check, Eye, Keyboard, Link2, Search, Users } from 'lucide-react';

import { useTerminalFontSize } from '../../parts/preferences';
import { TerminalMark } from '../../parts/StatusMark';
import type { TerminalStatus } from '../../api/shapes';
import { useMe } from '../../parts/me';
import { texts } from '../../texts';
import type { TerminalSnapshot } from './TerminalClient';
import classes from './terminal.module.css';

const words = texts.terminal.bar;

interface StatusBarProps {
  snapshot: TerminalSnapshot;
  link: string;
  onSearch: () => void;
}

export function StatusBar({ snapshot, link, onSearch }: StatusBarProps) {
  const { size, roundTripMs } = snapshot;
  return (
    <Group className={classes.bar} gap="sm" wrap="nowrap" role="group" aria-label={words.label}>
      <TerminalMark status={shownStatus(snapshot)} />
      <Role snapshot={snapshot} />
      <Viewers snapshot={snapshot} />
      <Text size="xs" c="dimmed" visibleFrom="sm" data-testid="terminal-size">
        {size.cols}×{size.rows}
      </Text>
      {roundTripMs !== null && (
        <Tooltip label={words.roundTrip}>
          <Text size="xs" c="dimmed" visibleFrom="sm">
            {roundTripMs} ms
          </Text>
        </Tooltip>
      )}
      <Tools link={link} onSearch={onSearch} />
    </Group>
  );
}

/** Without a link to the server nothing is known to be active. */
function shownStatus({ phase, status }: TerminalSnapshot): TerminalStatus {
  if (phase === 'ended' || status === 'terminated') return 'terminated';
  if (phase === 'connecting') return 'connecting';
  return phase === 'reconnecting' || phase === 'refused' ? 'disconnected' : status;
}

function Role({ snapshot: { role, phase, writer } }: { snapshot: TerminalSnapshot }) {
  const me = useMe();
  if (phase !== 'attached' || !role) return null;
  const watching = writer?.id === me.user.id ? words.watchingSelf : words.watching(writer?.name);
  const text = role === 'writer' ? words.writing : watching;
  return (
    <Group gap={5} wrap="nowrap" miw={0}>
      {role === 'writer' ? <Keyboard size={14} aria-hidden /> : <Eye size={14} aria-hidden />}
      <Text size="xs" truncate>
        {text}
      </Text>
    </Group>
  );
}

function Viewers({ snapshot: { viewers } }: { snapshot: TerminalSnapshot }) {
  if (viewers.length < 2) return null;
  const names = viewers.map((viewer) => viewer.name).join(', ');
  return (
    <Tooltip label={names}>
      <Group gap={4} wrap="nowrap" c="dimmed" tabIndex={0} aria-label={words.viewers(viewers.length, names)}>
        <Users size={14} aria-hidden />
        <Text size="xs">{viewers.length}</Text>
      </Group>
    </Tooltip>
  );
}

function Tools({ link, onSearch }: { link: string; onSearch: () => void }) {
  const [fontSize, setFontSize] = useTerminalFontSize();
  return (
    <Group gap={2} wrap="nowrap" ml="auto">
      <Tool label={words.smaller} onClick={() => setFontSize(fontSize - 1)}>
        <AArrowDown size={16} />
      </Tool>
      <Tool label={words.larger} onClick={() => setFontSize(fontSize + 1)}>
        <AArrowUp size={16} />
      </Tool>
      <Tool label={words.search} onClick={onSearch}>
        <Search size={15} />
      </Tool>
      <CopyButton value={link}>
        {({ copied, copy }) => (
          <Tool label={copied ? texts.copy.done : words.copyLink} onClick={copy}>
            {copied ? <Check size={15} /> : <Link2 size={16} />}
          </Tool>
        )}
      </CopyButton>
    </Group>
  );
}

function Tool({
  label,
  onClick,
  children,
}: {
  label: string;
  onClick: () => void;
  children: React.ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}
