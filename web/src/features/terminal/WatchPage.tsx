/** Owns the page behind a read-only link: one terminal, watched without an account. Must not know who is logged in. */
import { Button, Group, Text, Title } from '@mantine/core';
import { CircleSlash, Link2Off, Search, SquareTerminal, Unlink, Users, type LucideIcon } from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import { useLocation } from 'react-router';

import { EmptyState } from '../../parts/EmptyState';
import { TerminalMark } from '../../parts/StatusMark';
import { absolute, span } from '../../parts/time';
import { useNow } from '../../parts/useNow';
import { IconTool } from '../../parts/IconTool';
import { texts } from '../../texts';
import { isLive, Note, Screen } from './Screen';
import { SearchBox } from './SearchBox';
import { FontTools, shownStatus } from './StatusBar';
import type { TerminalClient, TerminalSnapshot } from './TerminalClient';
import { useTerminalClient } from './useTerminalClient';
import classes from './terminal.module.css';

const words = texts.watch;

/** The token stays in the address, so that a reload works; a fragment is never sent with a request. */
export function WatchPage() {
  const token = useLocation().hash.slice(1);
  return (
    <div className={classes.watch}>
      <title>{texts.title(words.page)}</title>
      {token === '' ? <Ending icon={Link2Off} {...words.missing} /> : <Watched key={token} token={token} />}
    </div>
  );
}

function Watched({ token }: { token: string }) {
  const client = useTerminalClient({ link: token });
  return client && <Opened client={client} />;
}

function Opened({ client }: { client: TerminalClient }) {
  const snapshot = useSyncExternalStore(client.subscribe, client.snapshot);
  const [isSearching, setIsSearching] = useState(false);
  if (snapshot.phase === 'refused') return <Refusal snapshot={snapshot} />;
  const closeSearch = () => {
    setIsSearching(false);
    client.emulator.terminal.focus();
  };
  return (
    <>
      <Header snapshot={snapshot} />
      <main className={classes.panel}>
        {isSearching && <SearchBox search={client.emulator.search} onClose={closeSearch} />}
        <Screen client={client} isDimmed={!isLive(snapshot)} />
        <Note snapshot={snapshot} myId={null} />
        <div className={classes.bar} role="group" aria-label={words.bar}>
          <Writer snapshot={snapshot} />
          <Group gap={2} wrap="nowrap" ml="auto">
            <FontTools />
            <IconTool label={texts.terminal.search.label} onClick={() => setIsSearching(true)}>
              <Search size={15} />
            </IconTool>
          </Group>
        </div>
      </main>
    </>
  );
}

function Header({ snapshot }: { snapshot: TerminalSnapshot }) {
  const { title, link } = snapshot;
  return (
    <header className={classes.watchHeader}>
      <SquareTerminal size={19} color="var(--raven-working)" aria-hidden style={{ flex: 'none' }} />
      <Title order={1} fz="md" lineClamp={1} miw={0}>
        {title ?? words.title}
      </Title>
      <TerminalMark status={shownStatus(snapshot)} />
      <Text size="xs" c="dimmed" ml="auto" ta="right" title={link ? absolute(link.expiresAt) : undefined}>
        {words.readOnly}
        {link && <EndsIn moment={link.expiresAt} />}
      </Text>
    </header>
  );
}

function EndsIn({ moment }: { moment: string }) {
  const left = Date.parse(moment) - useNow();
  return <>, {left > 0 ? words.endsIn(span(left)) : words.ending}</>;
}

function Writer({ snapshot: { phase, writer, viewers, size } }: { snapshot: TerminalSnapshot }) {
  if (phase !== 'attached') return null;
  const bar = texts.terminal.bar;
  const watching = viewers.filter((viewer) => viewer.role === 'viewer').length;
  return (
    <>
      <Text size="xs" truncate role="status">
        {writer.user ? bar.watching(writer.user.name) : bar.freeWatching}
      </Text>
      <Group gap={4} wrap="nowrap" c="dimmed" style={{ flex: 'none' }}>
        <Users size={14} aria-hidden />
        <Text size="xs">{words.others(watching)}</Text>
      </Group>
      <Text size="xs" c="dimmed" visibleFrom="sm" data-testid="terminal-size" style={{ flex: 'none' }}>
        {size.cols}×{size.rows}
      </Text>
    </>
  );
}

/** A link that ended before one's eyes is told apart from one that never led anywhere. */
function Refusal({ snapshot: { note, sessionId } }: { snapshot: TerminalSnapshot }) {
  switch (note?.code) {
    case 'SESSION_TERMINATED':
      return <Ending icon={SquareTerminal} {...words.sessionEnded} />;
    case 'LINK_ENDED':
      if (sessionId) return <Ending icon={Unlink} {...words.ended} />;
      return <Ending icon={Link2Off} {...words.unknown} mayReload />;
    default:
      return (
        <Ending
          icon={CircleSlash}
          title={words.refused.title}
          text={note?.message || words.refused.text}
          mayReload
        />
      );
  }
}

interface EndingProps {
  icon: LucideIcon;
  title: string;
  text: string;
  mayReload?: boolean;
}

function Ending({ icon, title, text, mayReload = false }: EndingProps) {
  return (
    <main>
      <EmptyState icon={icon} title={title} text={text}>
        {mayReload && (
          <Button variant="default" mt="sm" onClick={() => window.location.reload()}>
            {words.again}
          </Button>
        )}
      </EmptyState>
    </main>
  );
}
