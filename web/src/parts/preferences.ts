/** Owns what this browser remembers of a person's choices. Must not know who reads them. */
import { useSyncExternalStore } from 'react';

const PREFIX = 'raven:';

export const FONT_SIZE = { default: 13, min: 8, max: 28 } as const;

const listeners = new Set<() => void>();

function read(name: string): string | null {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null; // storage may be forbidden; the defaults then hold
  }
}

/** What was remembered under the name; anything unreadable counts as nothing. */
export function recall<Shape>(name: string): Partial<Shape> | null {
  try {
    const value: unknown = JSON.parse(read(name) ?? 'null');
    return typeof value === 'object' ? (value as Partial<Shape> | null) : null;
  } catch {
    return null;
  }
}

export function remember(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // full or forbidden: the choice holds for this page only
  }
  listeners.forEach((listen) => listen());
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name);
  } catch {
    // forbidden: then nothing was kept either
  }
  listeners.forEach((listen) => listen());
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

export function useTerminalFontSize(): [number, (size: number) => void] {
  const stored = useSyncExternalStore(subscribe, () => read('terminal.fontSize'));
  const size = Number(stored ?? FONT_SIZE.default) || FONT_SIZE.default;
  return [clampFont(size), (next) => remember('terminal.fontSize', clampFont(next))];
}

function clampFont(size: number): number {
  return Math.min(FONT_SIZE.max, Math.max(FONT_SIZE.min, Math.round(size)));
}

/** Whether the terminal was left open on agent pages. */
export function useTerminalOpen(): [boolean, (open: boolean) => void] {
  const stored = useSyncExternalStore(subscribe, () => read('terminal.open'));
  return [stored === 'true', (open) => remember('terminal.open', open)];
}
