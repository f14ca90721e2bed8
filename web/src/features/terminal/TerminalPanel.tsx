/** Owns how a terminal stands on a page: screen, notes, bar. Must not know the wire: the client does. */
import '@xterm/xterm/css/xterm.css';
import './fonts.css';

import { useEffect, useRef, useState, useSyncExternalStore } from 'react';

import { useTerminalFontSize } from '../../parts/preferences';
import { useMe } from '../../parts/me';
import { texts } from '../../texts';
import { FONT_FAMILY } from './emulator';
import { SearchBox } from './SearchBox';
import { StatusBar } from './StatusBar';
import { TerminalClient, type TerminalSnapshot } from './TerminalClient';
import classes from './terminal.module.css';

interface TerminalPanelProps {
  agentId: string;
  /** An address that opens this terminal. */
  link: string;
}

export default function TerminalPanel({ agentId, link }: TerminalPanelProps) {
  const [client, setClient] = useState<TerminalClient | null>(null);
  const [fontSize] = useTerminalFontSize();
  const firstFontSize = useRef(fontSize);
  useEffect(() => {
    const opened = new TerminalClient(agentId, firstFontSize.current);
    // The client is a resource of the browser: it is made and disposed with the effect, and shown by state.

    setClient(opened);
    return () => {
      setClient(null);
      opened.dispose();
    };
  }, [agentId]);
  useEffect(() => client?.setFontSize(fontSize), [client, fontSize]);
  return <div className={classes.panel}>{client && <Opened client={client} link={link} />}</div>;
}

function Opened({ client, link }: { client: TerminalClient; link: string }) {
  const snapshot = useSyncExternalStore(client.subscribe, client.snapshot);
  const [isSearching, setIsSearching] = useState(false);
  const closeSearch = () => {
    setIsSearching(false);
    client.emulator.terminal.focus();
  };
  useEffect(() => {
    client.emulator.terminal.attachCustomKeyEventHandler((event) => {
      const isSearch = event.ctrlKey && event.shiftKey && event.code === 'KeyF';
      const isPalette = event.ctrlKey && event.shiftKey && event.code === 'KeyK';
      if (isSearch && event.type === 'keydown') {
        event.preventDefault();
        setIsSearching(true);
      }
      return !isSearch && !isPalette;
    });
  }, [client]);
  return (
    <>
      {isSearching && <SearchBox search={client.emulator.search} onClose={closeSearch} />}
      <Screen client={client} isDimmed={!isLive(snapshot)} />
      <Note snapshot={snapshot} />
      <StatusBar snapshot={snapshot} link={link} onSearch={() => setIsSearching(true)} />
    </>
  );
}

function Screen({ client, isDimmed }: { client: TerminalClient; isDimmed: boolean }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let isGone = false;
    // The first cells are measured with the right font, or the first fit would be a wrong one.
    const fonts = [`13px ${FONT_FAMILY}`, `bold 13px ${FONT_FAMILY}`].map((font) =>
      document.fonts.load(font),
    );
    void Promise.allSettled(fonts).then(() => {
      if (isGone || !element.current) return;
      client.mount(element.current);
      client.emulator.terminal.focus();
    });
    return () => {
      isGone = true;
    };
  }, [client]);
  return (
    <div className={classes.screen} data-dimmed={isDimmed || undefined}>
      <div ref={element} className={classes.emulator} data-testid="terminal" />
    </div>
  );
}

/** Whether what stands on the screen is what the agent shows now. */
function isLive({ phase, status }: TerminalSnapshot): boolean {
  return (phase === 'attached' && status !== 'disconnected') || phase === 'connecting';
}

/** One quiet line over the screen's end; it never takes the screen's place. */
function Note({ snapshot }: { snapshot: TerminalSnapshot }) {
  const words = noteOf(snapshot, useMe().user.id);
  return (
    <div role="status" className={classes.note} hidden={!words}>
      {words}
    </div>
  );
}

function noteOf({ phase, status, writer, note }: TerminalSnapshot, myId: string): string | null {
  const words = texts.terminal.notes;
  if (phase === 'refused') return note?.message || words.refused;
  if (phase === 'connecting') return words.connecting;
  if (phase === 'reconnecting') return words.reconnecting;
  if (phase === 'ended') return words.ended;
  if (note?.code === 'READ_ONLY')
    return writer?.id === myId ? words.readOnlySelf : words.readOnly(writer?.name);
  if (note?.code === 'INPUT_LOST') return words.inputLost(Number(note.message));
  if (note?.code === 'TOO_LARGE') return note.message || words.tooLarge;
  if (note) return note.message;
  return status === 'disconnected' ? words.disconnected : null;
}
