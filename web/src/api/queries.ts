/** Owns the keys and options of everything in the query cache. Must not know components or sockets. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import * as client from './client';
import type { ActivityFilter, AuditFilter, SessionFilter } from './client';
import { ProblemError } from './problems';

/** A recording as it was at one time: while its session lives, each reading of it holds more. */
export interface Edition {
  sessionId: string;
  /** The same for as long as there is nothing new to read. */
  asOf: string;
}

export const keys = {
  health: ['health'] as const,
  me: ['me'] as const,
  access: ['access'] as const,
  pendingAgents: ['access', 'pending'] as const,
  outsideAgents: ['access', 'outside'] as const,
  invites: ['access', 'invites'] as const,
  agents: ['agents'] as const,
  agent: (id: string) => ['agents', id] as const,
  screen: (id: string) => ['screens', id] as const,
  types: ['agent-types'] as const,
  providerKeys: ['provider-keys'] as const,
  activity: ['activity'] as const,
  activityOf: (filter: ActivityFilter) => ['activity', filter] as const,
  audit: ['audit'] as const,
  auditOf: (filter: AuditFilter) => ['audit', filter] as const,
  checkpoints: ['audit-checkpoints'] as const,
  auditKey: ['audit-key'] as const,
  settings: ['agent-settings'] as const,
  tokens: ['tokens'] as const,
  sessions: ['sessions'] as const,
  sessionLists: ['sessions', 'list'] as const,
  sessionsOf: (filter: SessionFilter) => ['sessions', 'list', filter] as const,
  session: (id: string) => ['sessions', 'one', id] as const,
  cast: (of: Edition) => ['recordings', of, 'cast'] as const,
  transcript: (of: Edition) => ['recordings', of, 'transcript'] as const,
  verification: (of: Edition) => ['recordings', of, 'verification'] as const,
  approvals: ['approvals'] as const,
  queue: (agentId?: string) => ['approvals', 'queue', agentId ?? null] as const,
  requests: ['approvals', 'requests'] as const,
  approval: (id: string) => ['approvals', 'one', id] as const,
  policy: (agentId: string | null) => ['policies', agentId] as const,
  links: (sessionId: string) => ['terminal-links', sessionId] as const,
};

/** Refusals are final; only a server that does not answer is asked again. */
export function worthRetrying(failures: number, thrown: unknown): boolean {
  return failures < 2 && thrown instanceof ProblemError && (thrown.status === 0 || thrown.status >= 502);
}

export const healthQuery = queryOptions({ queryKey: keys.health, queryFn: client.health });
export const meQuery = queryOptions({ queryKey: keys.me, queryFn: client.me, staleTime: Infinity });
export const agentsQuery = queryOptions({
  queryKey: keys.agents,
  queryFn: ({ signal }) => client.agents(signal),
});
export const agentQuery = (id: string) =>
  queryOptions({ queryKey: keys.agent(id), queryFn: () => client.agent(id) });
export const screenQuery = (id: string) =>
  queryOptions({ queryKey: keys.screen(id), queryFn: () => client.screen(id), retry: false });
// No event tells of an installation's progress; it is read again this often while there is one.
const INSTALLING_MS = 1_000;

export const typesQuery = queryOptions({
  queryKey: keys.types,
  queryFn: client.agentTypes,
  retry: false,
  refetchInterval: (query) =>
    query.state.data?.items.some((kind) => kind.installing || kind.versionPending) ? INSTALLING_MS : false,
});
export const providerKeysQuery = queryOptions({
  queryKey: keys.providerKeys,
  queryFn: client.providerKeys,
  retry: false,
});
export const pendingAgentsQuery = queryOptions({
  queryKey: keys.pendingAgents,
  queryFn: client.pendingAgents,
});
export const outsideAgentsQuery = queryOptions({
  queryKey: keys.outsideAgents,
  queryFn: client.outsideAgents,
});
export const agentInvitesQuery = queryOptions({ queryKey: keys.invites, queryFn: client.agentInvites });
export const settingsQuery = queryOptions({ queryKey: keys.settings, queryFn: client.agentSettings });
export const tokensQuery = queryOptions({ queryKey: keys.tokens, queryFn: client.tokens });

export const activityQuery = (filter: ActivityFilter) =>
  infiniteQueryOptions({
    queryKey: keys.activityOf(filter),
    queryFn: ({ pageParam }) => client.activity(filter, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });

// No event tells of entries, which are for auditors alone.
const AUDIT_REFRESH_MS = 15_000;

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: keys.auditOf(filter),
    queryFn: ({ pageParam }) => client.audit(filter, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
    refetchInterval: AUDIT_REFRESH_MS,
  });
export const checkpointsQuery = queryOptions({ queryKey: keys.checkpoints, queryFn: client.checkpoints });
export const auditKeyQuery = queryOptions({
  queryKey: keys.auditKey,
  queryFn: client.auditKey,
  staleTime: Infinity,
});

export const sessionsQuery = (filter: SessionFilter) =>
  infiniteQueryOptions({
    queryKey: keys.sessionsOf(filter),
    queryFn: ({ pageParam }) => client.sessions(filter, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
export const sessionQuery = (id: string) =>
  queryOptions({ queryKey: keys.session(id), queryFn: () => client.session(id) });
export const linksQuery = (sessionId: string) =>
  queryOptions({ queryKey: keys.links(sessionId), queryFn: () => client.terminalLinks(sessionId) });

// What an edition holds does not change behind one's back.
const ONCE = { staleTime: Infinity, gcTime: 60_000 } as const;

export const castQuery = (of: Edition, limit: number) =>
  queryOptions({
    queryKey: keys.cast(of),
    queryFn: ({ signal }) => client.castText(of.sessionId, limit, signal),
    ...ONCE,
  });
export const transcriptQuery = (of: Edition) =>
  queryOptions({
    queryKey: keys.transcript(of),
    queryFn: () => client.transcript(of.sessionId),
    ...ONCE,
  });
export const verificationQuery = (of: Edition) =>
  queryOptions({
    queryKey: keys.verification(of),
    queryFn: () => client.verifyRecording(of.sessionId),
    ...ONCE,
  });

export const queueQuery = (agentId?: string) =>
  queryOptions({ queryKey: keys.queue(agentId), queryFn: () => client.queue(agentId) });
export const requestsQuery = infiniteQueryOptions({
  queryKey: keys.requests,
  queryFn: ({ pageParam }) => client.requests(pageParam),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
});
export const approvalQuery = (id: string) =>
  queryOptions({ queryKey: keys.approval(id), queryFn: () => client.approval(id) });
export const policyQuery = (agentId: string | null) =>
  queryOptions({ queryKey: keys.policy(agentId), queryFn: () => client.policy(agentId) });
