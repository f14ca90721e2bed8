/** Owns the connection that carries workspace events into the query cache. Must not know components. */
import type { QueryClient } from '@tanstack/react-query';
import { io, type Socket } from 'socket.io-client';

import { notificationKeys } from '../api/notifications';
import { pageKeys } from '../api/pages';
import { keys } from '../api/queries';
import { taskKeys } from '../api/tasks';
import { workKeys } from '../api/work';
import { applyEvent, EVENT_NAMES, type WorkspaceEvent } from './events';

// Longest wait between two attempts to reconnect, so that a restarted server is found soon.
const MAX_RECONNECT_DELAY_MS = 3_000;

// An attempt that hangs is given up for the next one.
const CONNECT_TIMEOUT_MS = 8_000;

/** Whether what is on screen is live. */
export type Liveness = 'connecting' | 'live' | 'lost';

// What events change.
const TOLD = [
  keys.agents,
  keys.approvals,
  keys.activity,
  keys.settings,
  keys.sessions,
  notificationKeys.inbox,
  pageKeys.spaces,
  pageKeys.all,
  pageKeys.comments,
  taskKeys.projects,
  taskKeys.all,
  workKeys.all,
];

/**
 * A page reads while it connects, and hears nothing of what happens in between. An answer that is still on its
 * way may be of before, too, and asking again does not give up a first one by itself.
 */
async function readAgain(cache: QueryClient): Promise<void> {
  await Promise.all(TOLD.map((queryKey) => cache.cancelQueries({ queryKey })));
  await Promise.all(TOLD.map((queryKey) => cache.invalidateQueries({ queryKey })));
}

/** Opens the connection; answers how to close it. */
export function connectLive(cache: QueryClient, onLiveness: (now: Liveness) => void): () => void {
  const socket: Socket = io('/', {
    transports: ['websocket', 'polling'],
    reconnectionDelayMax: MAX_RECONNECT_DELAY_MS,
    timeout: CONNECT_TIMEOUT_MS,
  });
  let wasConnected = false;

  for (const name of EVENT_NAMES) {
    socket.on(name as string, (payload: unknown) => applyEvent(cache, { name, payload } as WorkspaceEvent));
  }
  socket.on('connect', () => {
    onLiveness('live');
    // No event is replayed: what happened meanwhile is read again.
    void (wasConnected ? cache.invalidateQueries() : readAgain(cache));
    wasConnected = true;
  });
  socket.on('disconnect', (reason) => {
    onLiveness('lost');
    // The client comes back by itself from everything but this: a server that ends, or finds us too slow.
    if (reason === 'io server disconnect') socket.connect();
  });
  socket.on('connect_error', (error) => {
    onLiveness('lost');
    if (error.message === 'UNAUTHENTICATED') void cache.invalidateQueries({ queryKey: keys.me });
  });
  return () => {
    socket.removeAllListeners();
    socket.disconnect();
  };
}
