/** Owns the keys of the queue: move, approve, reject, open. Must not know how its items look. */
import { useHotkeys } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { useNavigate } from 'react-router';

import type { QueueItem } from '../../api/shapes';
import { keyOf, neighbour, placeOf } from './queueItems';
import type { Decisions } from './useDecisions';

export function useQueueKeys(items: QueueItem[], decisions: Decisions, linked: string | null) {
  const navigate = useNavigate();
  const [id, set] = useState<string | null>(linked);
  const current = items.find((item) => keyOf(item) === id);
  const move = (by: 1 | -1) => {
    const next = neighbour(items, id, by);
    if (next) focus(keyOf(next));
  };
  const request = current?.kind === 'approval' && !current.refusal ? current : null;
  useHotkeys([
    ['j', () => move(1)],
    ['k', () => move(-1)],
    ['a', () => request && decisions.approve(request)],
    ['r', () => request && decisions.setRejecting(request.id)],
    [
      'Enter',
      () => {
        const place = current && placeOf(current);
        // On a button or link within it, Enter is theirs.
        if (place && document.activeElement?.id === id) void navigate(place);
      },
      { preventDefault: false },
    ],
  ]);
  // What was decided is gone: the keys go on with what stands first.
  const first = items[0];
  const isGone = id !== null && !current;
  useEffect(() => {
    if (isGone && first && linked === null) focus(keyOf(first));
  }, [isGone, first, linked]);
  return { id: current ? id : null, set };
}

function focus(id: string) {
  const element = document.getElementById(id);
  element?.focus();
  element?.scrollIntoView({ block: 'nearest' });
}
