/** Owns a terminal's screen and the quiet note over it. Must not know the wire: the client does. */
import '@xterm/xterm/css/xterm.css';
import '../../parts/terminal-fonts.css';

import { useEffect } from 'react';

import { FONT_FAMILY } from '../../parts/terminalLook';
import { texts } from '../../texts';
import type { TerminalClient, TerminalSnapshot } from './TerminalClient';
import { useHold } from './useHold';
import classes from './terminal.module.css';

interface ScreenProps {
  client: TerminalClient;
  isDimmed: boolean;
  /** A card takes room from it for a while. */
  isHeld?: boolean;
}

export function Screen({ client, isDimmed, isHeld = false }: ScreenProps) {
  const { box, element } = useHold(client.emulator.terminal, isHeld);
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
  }, [client, element]);
  return (
    <div
      ref={box}
      className={classes.screen}
      data-dimmed={isDimmed || undefined}
      data-held={isHeld || undefined}
    >
      <div ref={element} className={classes.emulator} data-testid="terminal" />
    </div>
  );
}

/** Whether what stands on the screen is what the agent shows now. */
export function isLive({ phase, status }: TerminalSnapshot): boolean {
  return (phase === 'attached' && status !== 'disconnected') || phase === 'connecting';
}

/** One quiet line over the screen's end; it never takes the screen's place. A guest has no id. */
export function Note({ snapshot, myId }: { snapshot: TerminalSnapshot; myId: string | null }) {
  const words = noteOf(snapshot, myId);
  return (
    <div role="status" className={classes.note} hidden={!words}>
      {words}
    </div>
  );
}

function noteOf({ phase, status, note, ...rest }: TerminalSnapshot, myId: string | null): string | null {
  const words = texts.terminal.notes;
  if (phase === 'refused') return note?.message || words.refused;
  if (phase === 'connecting') return words.connecting;
  if (phase === 'reconnecting') return words.reconnecting;
  if (phase === 'ended') return words.ended;
  if (note) return remarkOf(note, rest.writer.user, myId);
  return status === 'disconnected' ? words.disconnected : null;
}

function remarkOf(
  { code, message }: { code: string; message: string },
  writer: { id: string; name: string } | null,
  myId: string | null,
): string {
  const words = texts.terminal.notes;
  switch (code) {
    case 'READ_ONLY':
      if (myId === null) return words.readOnlyLink;
      if (!writer) return words.nobodyTypes;
      return writer.id === myId ? words.readOnlySelf : words.readOnly(writer.name);
    case 'CONTROL_GONE':
      return words.controlGone(message);
    case 'CONTROL_LOST':
      return words.controlLost;
    case 'INPUT_LOST':
      return words.inputLost(Number(message));
    case 'TOO_LARGE':
      return message || words.tooLarge;
    default:
      return message;
  }
}
