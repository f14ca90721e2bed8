/**
 * Owns how a terminal keeps its size while a card takes room above it: a screen that shrank would cut off the very
 * dialog that the card is about. Must not know what the card says.
 */
import type { Terminal } from '@xterm/xterm';
import { useEffect, useLayoutEffect, useRef, type RefObject } from 'react';

// A page that is opened on a card has no earlier height to keep: the rows that dialogs are made for.
const FLOOR_PX = 24 * 17;

interface Held {
  /** What scrolls when the terminal is higher than its room. */
  box: RefObject<HTMLDivElement | null>;
  element: RefObject<HTMLDivElement | null>;
}

export function useHold(terminal: Terminal, isHeld: boolean): Held {
  const box = useRef<HTMLDivElement>(null);
  const element = useRef<HTMLDivElement>(null);
  const height = useRef(0);
  useEffect(() => {
    const shown = element.current;
    if (!shown || isHeld) return;
    const observer = new ResizeObserver(() => (height.current = shown.clientHeight));
    observer.observe(shown);
    return () => observer.disconnect();
  }, [isHeld]);
  // Before the browser lays out: nobody ever sees, or is told, the size between.
  useLayoutEffect(() => {
    const shown = element.current;
    if (!shown || !isHeld) return;
    shown.style.minHeight = `${Math.max(height.current, FLOOR_PX)}px`;
    return () => {
      shown.style.minHeight = '';
    };
  }, [isHeld]);
  useEffect(() => {
    const room = box.current;
    if (!room || !isHeld) return;
    let last = -1;
    const follow = (isMoved: boolean) => {
      const end = endOf(terminal);
      if (end !== last || isMoved) room.scrollTop = end - room.clientHeight;
      last = end;
    };
    const rendered = terminal.onRender(() => follow(false));
    const observer = new ResizeObserver(() => follow(true));
    observer.observe(room);
    return () => {
      rendered.dispose();
      observer.disconnect();
      room.scrollTop = 0;
    };
  }, [terminal, isHeld]);
  return { box, element };
}

/** Where the last row ends that has something on it, from the top of the terminal. */
function endOf({ buffer, rows, element }: Terminal): number {
  const { active } = buffer;
  let row = rows - 1;
  while (row > 0 && active.getLine(active.viewportY + row)?.translateToString(true) === '') row -= 1;
  const screen = element?.querySelector('.xterm-screen')?.clientHeight ?? 0;
  return Math.ceil(((row + 2) * screen) / rows);
}
