/** Owns the requests about assignments, and how they are cached. Must not know who shows the answers. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { answered, http } from './client';
import type { NewAssignment } from './knowledge';
import type { components } from './schema';

export type AssignmentReport = components['schemas']['AssignmentReport'];

// As many as an agent can have that have not ended.
const OPEN_ONES = 50;
const ENDED_PER_PAGE = 20;

export const workKeys = {
  all: ['assignments'] as const,
  of: (agentId: string) => ['assignments', agentId] as const,
  ended: (agentId: string) => ['assignments', agentId, 'ended'] as const,
};

const of = (agentId: string, query: { open: boolean; cursor?: string; limit: number }) =>
  answered(http.GET('/api/agents/{id}/assignments', { params: { path: { id: agentId }, query } }));

/** What has not ended: all of it, however much has. */
export const assignmentsQuery = (agentId: string) =>
  queryOptions({
    queryKey: workKeys.of(agentId),
    queryFn: () => of(agentId, { open: true, limit: OPEN_ONES }),
  });
export const endedAssignmentsQuery = (agentId: string) =>
  infiniteQueryOptions({
    queryKey: workKeys.ended(agentId),
    queryFn: ({ pageParam }) => of(agentId, { open: false, cursor: pageParam, limit: ENDED_PER_PAGE }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
export const assign = (agentId: string, body: NewAssignment) =>
  answered(http.POST('/api/agents/{id}/assignments', { params: { path: { id: agentId } }, body }));
export const cancelAssignment = (id: string) =>
  answered(http.POST('/api/assignments/{id}/cancel', { params: { path: { id } } }));
export const reportOn = (id: string, body: AssignmentReport) =>
  answered(http.POST('/api/assignments/{id}/report', { params: { path: { id } }, body }));
