/** Owns how a terminal stands on a page: screen, notes, bar. Must not know the wire: the client does. */
import { useEffect, useRef, useState, useSyncExternalStore } from 'react';

import { useMe } from '../../parts/me';
import { RequestCard } from './RequestCard';
import { isLive, Note, Screen } from './Screen';
import { SearchBox } from './SearchBox';
import { ShareDialog } from './ShareDialog';
import { StatusBar } from './StatusBar';
import type { TerminalClient } from './TerminalClient';
import { useTerminalClient } from './useTerminalClient';
import classes from './terminal.module.css';

interface TerminalPanelProps {
  agentId: string;
  /** An address that opens this terminal. */
  link: string;
  /** A card takes room from it for a while. */
  isHeld: boolean;
}

export default function TerminalPanel({ agentId, link, isHeld }: TerminalPanelProps) {
  const client = useTerminalClient({ agentId });
  return (
    <div className={classes.panel}>{client && <Opened client={client} link={link} isHeld={isHeld} />}</div>
  );
}

interface OpenedProps extends Omit<TerminalPanelProps, 'agentId'> {
  client: TerminalClient;
}

function Opened({ client, link, isHeld }: OpenedProps) {
  const snapshot = useSyncExternalStore(client.subscribe, client.snapshot);
  const [isSearching, setIsSearching] = useState(false);
  const [isSharing, setIsSharing] = useState(false);
  const handOver = useRef<HTMLButtonElement>(null);
  const myId = useMe().user.id;
  const closeSearch = () => {
    setIsSearching(false);
    client.emulator.terminal.focus();
  };
  useEffect(() => {
    const shortcuts: Record<string, () => void> = {
      KeyF: () => setIsSearching(true),
      KeyH: () => handOver.current?.focus(),
      // The palette listens on the page; the terminal only lets it through.
      KeyK: () => undefined,
    };
    client.emulator.terminal.attachCustomKeyEventHandler((event) => {
      const act = event.ctrlKey && event.shiftKey ? shortcuts[event.code] : undefined;
      if (act && event.type === 'keydown') {
        if (event.code !== 'KeyK') event.preventDefault();
        act();
      }
      return !act;
    });
  }, [client]);
  return (
    <>
      <RequestCard client={client} snapshot={snapshot} target={handOver} />
      {isSearching && <SearchBox search={client.emulator.search} onClose={closeSearch} />}
      <Screen client={client} isDimmed={!isLive(snapshot)} isHeld={isHeld} />
      <Note snapshot={snapshot} myId={myId} />
      <StatusBar
        client={client}
        snapshot={snapshot}
        link={link}
        onSearch={() => setIsSearching(true)}
        onShare={() => setIsSharing(true)}
      />
      {isSharing && snapshot.sessionId && (
        <ShareDialog sessionId={snapshot.sessionId} onClose={() => setIsSharing(false)} />
      )}
    </>
  );
}
