/** Owns the requests about assignments, and how they are cached. Must not know who shows the answers. */
import { queryOptions } from '@tanstack/react-query';

import { answered, http } from './client';
import type { NewAssignment } from './knowledge';

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
      answered(
        http.GET('/api/agents/{id}/assignments', {
          params: { path: { id: agentId }, query: { limit: SHOWN } },
        }),
      ),
  });
export const assign = (agentId: string, body: NewAssignment) =>
  answered(http.POST('/api/agents/{id}/assignments', { params: { path: { id: agentId } }, body }));
export const cancelAssignment = (id: string) =>
  answered(http.POST('/api/assignments/{id}/cancel', { params: { path: { id } } }));
