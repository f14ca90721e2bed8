/** Owns the requests about assignments, and how they are cached. Must not know who shows the answers. */
import { queryOptions } from '@tanstack/react-query';

import { call } from './calling';
import type { Assignment, NewAssignment, Paged } from './knowledge';

// What an agent was given lately; more than it does in a week.
const SHOWN = 50;

export const workKeys = {
  all: ['assignments'] as const,
  of: (agentId: string) => ['assignments', agentId] as const,
};

export const assignmentsQuery = (agentId: string) =>
  queryOptions({
    queryKey: workKeys.of(agentId),
    queryFn: () =>
      call<Paged<Assignment>>('GET', `/api/agents/${agentId}/assignments`, { query: { limit: SHOWN } }),
  });
export const assign = (agentId: string, body: NewAssignment) =>
  call<Assignment>('POST', `/api/agents/${agentId}/assignments`, { body });
export const cancelAssignment = (id: string) => call<Assignment>('POST', `/api/assignments/${id}/cancel`);
