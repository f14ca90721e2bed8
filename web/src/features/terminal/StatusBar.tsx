/** Owns the slim bar under a terminal: role, viewers, size, round trip, connection, small tools. */
import { CopyButton, Group, Text, Tooltip } from '@mantine/core';
import { AArrowDown, AArrowUp, Check, Link2, Search, Share2 } from 'lucide-react';

import type { TerminalStatus } from '../../api/shapes';
import { mayRunAgents, useMe } from '../../parts/me';
import { useTerminalFontSize } from '../../parts/preferences';
import { TerminalMark } from '../../parts/StatusMark';
import { IconTool } from '../../parts/IconTool';
import { texts } from '../../texts';
import { ControlPart } from './ControlPart';
import { Presence } from './Presence';
import type { TerminalClient, TerminalSnapshot } from './TerminalClient';
import classes from './terminal.module.css';

const words = texts.terminal.bar;

interface StatusBarProps {
  client: TerminalClient;
  snapshot: TerminalSnapshot;
  link: string;
  onSearch: () => void;
  onShare: () => void;
}

export function StatusBar({ client, snapshot, link, onSearch, onShare }: StatusBarProps) {
  const me = useMe();
  const mayShare = mayRunAgents(me) && snapshot.sessionId !== null && snapshot.phase !== 'ended';
  return (
    <div className={classes.bar} role="group" aria-label={words.label}>
      <TerminalMark status={shownStatus(snapshot)} />
      <ControlPart client={client} snapshot={snapshot} />
      <Presence client={client} snapshot={snapshot} />
      <Measures snapshot={snapshot} />
      <Group gap={2} wrap="nowrap" ml="auto">
        <FontTools />
        <IconTool label={words.search} onClick={onSearch}>
          <Search size={15} />
        </IconTool>
        <CopyButton value={link}>
          {({ copied, copy }) => (
            <IconTool label={copied ? texts.copy.done : words.copyLink} onClick={copy}>
              {copied ? <Check size={15} /> : <Link2 size={16} />}
            </IconTool>
          )}
        </CopyButton>
        {mayShare && (
          <IconTool label={words.share} onClick={onShare}>
            <Share2 size={15} />
          </IconTool>
        )}
      </Group>
    </div>
  );
}

/** Without a link to the server nothing is known to be active. */
export function shownStatus({ phase, status }: TerminalSnapshot): TerminalStatus {
  if (phase === 'ended' || status === 'terminated') return 'terminated';
  if (phase === 'connecting') return 'connecting';
  return phase === 'reconnecting' || phase === 'refused' ? 'disconnected' : status;
}

function Measures({ snapshot: { size, roundTripMs } }: { snapshot: TerminalSnapshot }) {
  return (
    <>
      <Text size="xs" c="dimmed" visibleFrom="sm" data-testid="terminal-size" style={{ flex: 'none' }}>
        {size.cols}×{size.rows}
      </Text>
      {roundTripMs !== null && (
        <Tooltip label={words.roundTrip}>
          <Text size="xs" c="dimmed" visibleFrom="sm" style={{ flex: 'none' }}>
            {roundTripMs} ms
          </Text>
        </Tooltip>
      )}
    </>
  );
}

export function FontTools() {
  const [fontSize, setFontSize] = useTerminalFontSize();
  return (
    <>
      <IconTool label={words.smaller} onClick={() => setFontSize(fontSize - 1)}>
        <AArrowDown size={16} />
      </IconTool>
      <IconTool label={words.larger} onClick={() => setFontSize(fontSize + 1)}>
        <AArrowUp size={16} />
      </IconTool>
    </>
  );
}
