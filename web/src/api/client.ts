/** Owns the requests the UI makes. Must not know who caches or shows their answers. */
import createClient from 'openapi-fetch';

import { ProblemError, problemFrom, unreachable } from './problems';
import type { Answer as PromptAnswer, Message, Permission, Provider } from './doing';
import type { paths } from './schema';
import type {
  Activity,
  Agent,
  AuditOutcome,
  LoginForm,
  NewAgentInvite,
  NewLink,
  NewToken,
  PolicyChange,
  SettingsChange,
  SetupForm,
  SpawnRequest,
} from './shapes';

/** Calls the API by its own description. */
export const http = createClient<paths>({ baseUrl: '', credentials: 'same-origin' });

// One page of agents; the server caps it too.
const AGENTS_PER_PAGE = 100;
// Agents the home page reads at most, so that a long history cannot stall it.
const MAX_AGENT_PAGES = 5;
// Requests, outside agents and invites that the page of access shows.
const ACCESS_SHOWN = 100;
// Activity entries per page: about three screens.
const ACTIVITY_PER_PAGE = 50;
// Entries per page of the audit log: what fits a tall screen.
const AUDIT_PER_PAGE = 40;
// Sessions per page of the list of recordings.
const SESSIONS_PER_PAGE = 50;

interface Answer<Shape> {
  data?: Shape;
  error?: unknown;
  response: Response;
}

/** The body of an answer, or a thrown problem. */
export async function answered<Shape>(request: Promise<Answer<Shape>>): Promise<Shape> {
  let answer: Answer<Shape>;
  try {
    answer = await request;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
    if (thrown instanceof SyntaxError) throw problemFrom(200, null);
    throw unreachable();
  }
  if (!answer.response.ok) throw problemFrom(answer.response.status, answer.error);
  return answer.data as Shape;
}

export const health = () => answered(http.GET('/api/health'));
export const setup = (body: SetupForm) => answered(http.POST('/api/auth/setup', { body }));
export const login = (body: LoginForm) => answered(http.POST('/api/auth/login', { body }));
export const logout = () => answered(http.POST('/api/auth/logout'));

/** Who is logged in, or `null` when nobody is. */
export async function me() {
  try {
    return await answered(http.GET('/api/auth/me'));
  } catch (thrown) {
    if (thrown instanceof ProblemError && thrown.status === 401) return null;
    throw thrown;
  }
}

/** The newest agents, as far back as {@link MAX_AGENT_PAGES} reach. */
export async function agents(signal?: AbortSignal): Promise<Agent[]> {
  const found: Agent[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MAX_AGENT_PAGES; page += 1) {
    const query = { limit: AGENTS_PER_PAGE, cursor };
    const answer = await answered(http.GET('/api/parallax-agents', { params: { query }, signal }));
    found.push(...answer.items);
    if (!answer.nextCursor) break;
    cursor = answer.nextCursor;
  }
  return found;
}

export const agent = (id: string) =>
  answered(http.GET('/api/parallax-agents/{id}', { params: { path: { id } } }));
export const sendMessage = (id: string, body: Message) =>
  answered(http.POST('/api/parallax-agents/{id}/send', { params: { path: { id } }, body }));
export const cancelMessage = (id: string, messageId: string) =>
  answered(
    http.DELETE('/api/parallax-agents/{id}/messages/{messageId}', { params: { path: { id, messageId } } }),
  );
export const answerPrompt = (id: string, body: PromptAnswer) =>
  answered(http.POST('/api/parallax-agents/{id}/answer', { params: { path: { id } }, body }));
export const interrupt = (id: string) =>
  answered(http.POST('/api/parallax-agents/{id}/interrupt', { params: { path: { id } } }));

export const agentTypes = () => answered(http.GET('/api/parallax-agents/types'));
export const installType = (type: string) =>
  answered(http.POST('/api/parallax-agents/types/{type}/install', { params: { path: { type } } }));
export const providerKeys = () => answered(http.GET('/api/parallax-agents/runtime/keys'));
export const setProviderKey = (provider: Provider, key: string) =>
  answered(
    http.PUT('/api/parallax-agents/runtime/keys/{provider}', {
      params: { path: { provider } },
      body: { key },
    }),
  );
export const deleteProviderKey = (provider: Provider) =>
  answered(http.DELETE('/api/parallax-agents/runtime/keys/{provider}', { params: { path: { provider } } }));

export const spawn = (body: SpawnRequest) => answered(http.POST('/api/parallax-agents/spawn', { body }));
export const screen = (id: string) =>
  answered(http.GET('/api/parallax-agents/{id}/screen', { params: { path: { id } } }));
export const restart = (id: string) =>
  answered(http.POST('/api/parallax-agents/{id}/restart', { params: { path: { id } } }));
export const stop = (id: string, how: { force: boolean }) =>
  answered(http.POST('/api/parallax-agents/{id}/stop', { params: { path: { id } }, body: how }));

export const pendingAgents = () =>
  answered(http.GET('/api/parallax-agents/pending', { params: { query: { limit: ACCESS_SHOWN } } }));
export const outsideAgents = () =>
  answered(
    http.GET('/api/parallax-agents', { params: { query: { origin: 'external', limit: ACCESS_SHOWN } } }),
  );
export const approveAgent = (id: string, grantedPermissions: Permission[]) =>
  answered(
    http.POST('/api/parallax-agents/{id}/approve', {
      params: { path: { id } },
      body: { grantedPermissions },
    }),
  );
export const denyAgent = (id: string, reason: string) =>
  answered(http.POST('/api/parallax-agents/{id}/deny', { params: { path: { id } }, body: { reason } }));
export const revokeAgent = (id: string, reason: string) =>
  answered(http.POST('/api/parallax-agents/{id}/revoke', { params: { path: { id } }, body: { reason } }));
export const setPermissions = (id: string, permissions: Permission[]) =>
  answered(
    http.POST('/api/parallax-agents/{id}/permissions', { params: { path: { id } }, body: { permissions } }),
  );
export const rotateAgentKey = (id: string) =>
  answered(http.POST('/api/parallax-agents/{id}/rotate-key', { params: { path: { id } } }));
export const agentInvites = () =>
  answered(http.GET('/api/parallax-agents/invites', { params: { query: { limit: ACCESS_SHOWN } } }));
export const createAgentInvite = (body: NewAgentInvite) =>
  answered(http.POST('/api/parallax-agents/invites', { body }));
export const revokeAgentInvite = (id: string) =>
  answered(http.DELETE('/api/parallax-agents/invites/{id}', { params: { path: { id } } }));

/** What an activity feed is narrowed to; an absent field is everything. */
export interface ActivityFilter {
  agentId?: string;
  actorId?: string;
  kind?: Activity['kind'];
  /** From this moment on, and before that one. */
  since?: string;
  until?: string;
}

export const activity = (filter: ActivityFilter, cursor: string | undefined) =>
  answered(http.GET('/api/activity', { params: { query: { ...filter, cursor, limit: ACTIVITY_PER_PAGE } } }));

export const activityExportUrl = (filter: ActivityFilter, format: 'jsonl' | 'csv') =>
  `/api/activity/export?${parameters({ ...filter, format })}`;

/** What a list of the audit log is narrowed to; an absent field is everything. */
export interface AuditFilter {
  action?: string;
  outcome?: AuditOutcome;
  agentId?: string;
  actorId?: string;
  requestId?: string;
  since?: string;
  until?: string;
}

export const audit = (filter: AuditFilter, cursor: string | undefined) =>
  answered(http.GET('/api/audit', { params: { query: { ...filter, cursor, limit: AUDIT_PER_PAGE } } }));
export const auditExportUrl = (filter: AuditFilter, format: 'jsonl' | 'csv') =>
  `/api/audit/export?${parameters({ ...filter, format })}`;
export const verifyAudit = () => answered(http.GET('/api/audit/verify'));
export const auditKey = () => answered(http.GET('/api/audit/public-key'));
export const checkpoints = () => answered(http.GET('/api/audit/checkpoints'));
export const makeCheckpoint = () => answered(http.POST('/api/audit/checkpoints'));

function parameters(given: Record<string, string | undefined>): string {
  const known = Object.entries(given).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return new URLSearchParams(known).toString();
}

export const agentSettings = () => answered(http.GET('/api/workspace/agent-settings'));
export const changeAgentSettings = (body: SettingsChange) =>
  answered(http.PATCH('/api/workspace/agent-settings', { body }));
export const testRuntime = (endpoint?: string) =>
  answered(http.POST('/api/parallax-agents/runtime/test', { body: endpoint ? { endpoint } : {} }));

export const tokens = () => answered(http.GET('/api/tokens'));
export const createToken = (body: NewToken) => answered(http.POST('/api/tokens', { body }));
export const revokeToken = (id: string) =>
  answered(http.DELETE('/api/tokens/{id}', { params: { path: { id } } }));

/** What a list of terminal sessions is narrowed to; an absent field is everything. */
export interface SessionFilter {
  agentId?: string;
}

export const sessions = (filter: SessionFilter, cursor: string | undefined) =>
  answered(
    http.GET('/api/terminal/sessions', {
      params: { query: { ...filter, cursor, limit: SESSIONS_PER_PAGE } },
    }),
  );
export const session = (id: string) =>
  answered(http.GET('/api/terminal/sessions/{id}', { params: { path: { id } } }));

export const transcript = (id: string) =>
  answered(http.GET('/api/terminal/sessions/{id}/recording/transcript', { params: { path: { id } } }));
export const verifyRecording = (id: string) =>
  answered(http.GET('/api/terminal/sessions/{id}/recording/verify', { params: { path: { id } } }));

/** Where a recording is downloaded from, or read by the player. */
export const castUrl = (id: string, how: { download: boolean }) =>
  `/api/terminal/sessions/${encodeURIComponent(id)}/recording?format=cast${how.download ? '&download=true' : ''}`;

/** The recording as asciicast: all of it, or its first `limit` bytes, which may end inside a line. */
export async function castText(
  id: string,
  limit: number,
  signal?: AbortSignal,
): Promise<{ text: string; isWhole: boolean }> {
  let response: Response;
  try {
    const headers = { range: `bytes=0-${limit - 1}` };
    response = await fetch(castUrl(id, { download: false }), {
      headers,
      signal,
      credentials: 'same-origin',
      // A browser's cache asks for the range that it has, which of a growing recording is too little;
      // and what was typed is not left on its disk.
      cache: 'no-store',
    });
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === 'AbortError') throw thrown;
    throw unreachable();
  }
  if (!response.ok) throw problemFrom(response.status, await response.json().catch(() => null));
  const total = Number(/\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1] ?? 0);
  return { text: await response.text(), isWhole: response.status !== 206 || total <= limit };
}

export const terminalLinks = (id: string) =>
  answered(http.GET('/api/terminal/sessions/{id}/links', { params: { path: { id } } }));
export const createTerminalLink = (id: string, body: NewLink) =>
  answered(http.POST('/api/terminal/sessions/{id}/links', { params: { path: { id } }, body }));
export const revokeTerminalLink = (id: string, linkId: string) =>
  answered(http.DELETE('/api/terminal/sessions/{id}/links/{linkId}', { params: { path: { id, linkId } } }));

// What the queue shows at once: more than people decide in a day.
const QUEUE = 200;
// Decided requests per page.
const DECIDED_PER_PAGE = 50;

/** Everything that waits for people: of one agent, or of all. */
export const queue = (agentId?: string) =>
  answered(http.GET('/api/approvals', { params: { query: { status: 'pending', agentId, limit: QUEUE } } }));
/** Requests in every state, newest first; the first page has what waits too. */
export const requests = (cursor: string | undefined) =>
  answered(http.GET('/api/approvals', { params: { query: { cursor, limit: DECIDED_PER_PAGE } } }));
export const approval = (id: string) =>
  answered(http.GET('/api/approvals/{id}', { params: { path: { id } } }));
export const approve = (id: string) =>
  answered(http.POST('/api/approvals/{id}/approve', { params: { path: { id } }, body: {} }));
export const reject = (id: string, reason: string) =>
  answered(http.POST('/api/approvals/{id}/reject', { params: { path: { id } }, body: { reason } }));
export const answerQuestion = (id: string, body: { answer: string } | { option: string }) =>
  answered(http.POST('/api/questions/{id}/answer', { params: { path: { id } }, body }));

/** The policy of an agent, or the workspace's own. */
export const policy = (agentId: string | null) =>
  agentId === null
    ? answered(http.GET('/api/policies'))
    : answered(http.GET('/api/parallax-agents/{id}/policy', { params: { path: { id: agentId } } }));
export const changePolicy = (agentId: string | null, body: PolicyChange) =>
  agentId === null
    ? answered(http.PUT('/api/policies', { body }))
    : answered(http.PUT('/api/parallax-agents/{id}/policy', { params: { path: { id: agentId } }, body }));
