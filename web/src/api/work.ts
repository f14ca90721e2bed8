/** Owns the requests about assignments, and how they are cached. Must not know who shows the answers. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { answered, http } from './client';
import type { Assignment, NewAssignment } from './knowledge';
import type { components } from './schema';

export type AssignmentReport = components['schemas']['AssignmentReport'];

// The most that one answer holds.
const PAGE = 200;
// As many as an agent can have that have not ended.
const OPEN_ONES = 50;
const ENDED_PER_PAGE = 20;

export const workKeys = {
  all: ['assignments'] as const,
  /** What is not ended, of all agents. */
  open: ['assignments', 'open'] as const,
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

async function allOpen(): Promise<Assignment[]> {
  const found: Assignment[] = [];
  let cursor: string | undefined;
  do {
    const query = { open: true, limit: PAGE, cursor };
    const page = await answered(http.GET('/api/assignments', { params: { query } }));
    found.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  return found;
}

/** Asked once for all cards of a board. */
export const openAssignmentsQuery = queryOptions({ queryKey: workKeys.open, queryFn: allOpen });

export const assign = (agentId: string, body: NewAssignment) =>
  answered(http.POST('/api/agents/{id}/assignments', { params: { path: { id: agentId } }, body }));
export const cancelAssignment = (id: string) =>
  answered(http.POST('/api/assignments/{id}/cancel', { params: { path: { id } } }));
export const reportOn = (id: string, body: AssignmentReport) =>
  answered(http.POST('/api/assignments/{id}/report', { params: { path: { id } }, body }));
