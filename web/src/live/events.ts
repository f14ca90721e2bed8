/** Owns what each workspace event does to the query cache. Must not know sockets or components. */
import type { InfiniteData, QueryClient } from '@tanstack/react-query';

import type { ActivityFilter } from '../api/client';
import type { Prompt } from '../api/doing';
import type { Assignment } from '../api/knowledge';
import { pageKeys } from '../api/pages';
import { peopleKeys } from '../api/people';
import { notificationKeys, type Inbox, type Notification } from '../api/notifications';
import { keys } from '../api/queries';
import { taskKeys } from '../api/tasks';
import { workKeys } from '../api/work';
import type {
  Activity,
  Agent,
  AgentSettings,
  AgentStatus,
  Approval,
  Question,
  RuntimeStatus,
  TerminalSession,
} from '../api/shapes';

/** Every event of the default namespace, once. */
export type WorkspaceEvent =
  | { name: 'agent:started'; payload: { agent: Agent } }
  | { name: 'agent:ready'; payload: { agent: Agent } }
  | { name: 'agent:stopped'; payload: { agent: Agent; reason: string } }
  | { name: 'agent:error'; payload: { agent: Agent; error: string } }
  | { name: 'agent:login_required'; payload: { agent: Agent; loginUrl?: string | null } }
  | { name: 'agent:status'; payload: { agent: Agent; status: AgentStatus; evidence: string } }
  | { name: 'agent:prompt'; payload: { agent: Agent; prompt: Prompt | null } }
  | { name: 'agent:access_requested'; payload: { agent: Agent } }
  | { name: 'agent:access_approved'; payload: { agent: Agent } }
  | { name: 'agent:access_revoked'; payload: { agent: Agent; reason: string | null } }
  | { name: 'approval:requested'; payload: { approval: Approval } }
  | { name: 'approval:decided'; payload: { approval: Approval; state: Approval['state'] } }
  | { name: 'question:asked'; payload: { question: Question } }
  | { name: 'question:changed'; payload: { question: Question; state: Question['state'] } }
  | { name: 'activity:added'; payload: Activity }
  | { name: 'notification:added'; payload: { notification: Notification; unread: number } }
  | { name: 'notification:read'; payload: { unread: number } }
  | { name: 'space:changed'; payload: { spaceId?: string } }
  | { name: 'page:changed'; payload: { pageId: string; spaceId: string; version: number } }
  | { name: 'comment:changed'; payload: { pageId?: string | null; taskId?: string | null } }
  | { name: 'project:changed'; payload: { projectId?: string } }
  | { name: 'task:changed'; payload: { taskId: string; projectId?: string | null } }
  | { name: 'assignment:changed'; payload: { assignment: Assignment } }
  | { name: 'runtime:status'; payload: RuntimeStatus }
  | { name: 'terminal:status'; payload: TerminalSession };

export const EVENT_NAMES = [
  'agent:started',
  'agent:ready',
  'agent:stopped',
  'agent:error',
  'agent:login_required',
  'agent:status',
  'agent:prompt',
  'agent:access_requested',
  'agent:access_approved',
  'agent:access_revoked',
  'approval:requested',
  'approval:decided',
  'question:asked',
  'question:changed',
  'activity:added',
  'notification:added',
  'notification:read',
  'space:changed',
  'page:changed',
  'comment:changed',
  'project:changed',
  'task:changed',
  'assignment:changed',
  'runtime:status',
  'terminal:status',
] as const satisfies readonly WorkspaceEvent['name'][];

/** A page of the activity feed as the server sends it. */
export interface ActivityPage {
  items: Activity[];
  nextCursor?: string | null;
}

/** Brings the cache up to the event; a second identical event changes nothing. */
export function applyEvent(cache: QueryClient, event: WorkspaceEvent): void {
  switch (event.name) {
    case 'agent:started':
    case 'agent:ready':
    case 'agent:stopped':
    case 'agent:error':
    case 'agent:login_required':
    case 'agent:status':
      return putAgent(cache, event.payload.agent);
    case 'agent:access_requested':
    case 'agent:access_approved':
    case 'agent:access_revoked':
      return putAccess(cache, event.payload.agent);
    case 'agent:prompt':
      putAgent(cache, event.payload.agent);
      return rereadQueue(cache);
    case 'approval:requested':
    case 'approval:decided':
    case 'question:asked':
    case 'question:changed':
      return rereadQueue(cache);
    case 'activity:added':
      rereadPeople(cache, event.payload);
      return addActivity(cache, event.payload);
    case 'notification:added':
      return addNotification(cache, event.payload.notification, event.payload.unread);
    case 'notification:read':
      // Which ones is not told.
      return void cache.invalidateQueries({ queryKey: notificationKeys.inbox });
    case 'space:changed':
      return reread(cache, pageKeys.spaces);
    case 'page:changed':
      reread(cache, pageKeys.spaces);
      return reread(cache, pageKeys.all);
    case 'comment:changed':
      return reread(cache, pageKeys.comments);
    case 'project:changed':
      reread(cache, taskKeys.projects);
      // Whether agents see a task may follow its project.
      return reread(cache, taskKeys.all);
    case 'task:changed':
      reread(cache, taskKeys.projects);
      return reread(cache, taskKeys.all);
    case 'assignment:changed':
      return putWork(cache, event.payload.assignment);
    case 'runtime:status':
      return putRuntimeStatus(cache, event.payload);
    case 'terminal:status':
      return putSession(cache, event.payload);
    default:
      return unknownEvent(event);
  }
}

/** The board's list of open work takes it as it is: many agents that report must not be many requests. */
function putWork(cache: QueryClient, work: Assignment): void {
  reread(cache, workKeys.of(work.agent.id));
  cache.setQueryData<Assignment[]>(workKeys.open, (known) => {
    if (!known) return known;
    const others = known.filter(({ id }) => id !== work.id);
    return work.endedAt ? others : [...others, work];
  });
  rereadWhatIsOnItsWay(cache, workKeys.open);
}

/** Only what is on a page is read at once; the rest when it is next looked at. */
function reread(cache: QueryClient, queryKey: readonly unknown[]): void {
  void cache.invalidateQueries({ queryKey });
}

/** Puts an agent that was just heard of into the list and its page; an older word never undoes a newer one. */
export function putAgent(cache: QueryClient, agent: Agent): void {
  cache.setQueryData<Agent[]>(keys.agents, (known) => known && upserted(known, agent));
  cache.setQueryData<Agent>(keys.agent(agent.id), (known) => newer(known, agent));
  rereadWhatIsOnItsWay(cache, keys.agents);
  void cache.invalidateQueries({ queryKey: keys.screen(agent.id) });
}

/** What admins see of requests and invites is not in the event: whoever looks at that asks again. */
function putAccess(cache: QueryClient, agent: Agent): void {
  putAgent(cache, agent);
  void cache.invalidateQueries({ queryKey: keys.access });
}

/** An answer that left the server before the event would undo it: ask again. */
function rereadWhatIsOnItsWay(cache: QueryClient, queryKey: readonly unknown[]): void {
  if (cache.isFetching({ queryKey }) > 0) {
    void cache.invalidateQueries({
      queryKey,
      predicate: (query) => query.state.fetchStatus === 'fetching',
    });
  }
}

function upserted(known: Agent[], agent: Agent): Agent[] {
  // Who only asks to be let in is none of the workspace's agents.
  if (agent.access === 'pending' || agent.access === 'denied')
    return known.filter((other) => other.id !== agent.id);
  const at = known.findIndex((other) => other.id === agent.id);
  return at < 0 ? [agent, ...known] : known.with(at, newer(known[at], agent));
}

/** The answer to a request may come after an event that tells of something later. */
function newer(known: Agent | undefined, heard: Agent): Agent {
  return known && Date.parse(known.statusSince) > Date.parse(heard.statusSince) ? known : heard;
}

/** No event of its own tells of members: the entry of the feed does. */
function rereadPeople(cache: QueryClient, { kind }: Activity): void {
  if (kind.startsWith('member_') || kind.startsWith('invitation_')) {
    void cache.invalidateQueries({ queryKey: peopleKeys.all });
  }
  if (kind === 'workspace_renamed') void cache.invalidateQueries({ queryKey: keys.me });
}

/** What one may decide is not in the event, as it is not the same for everybody: who looks at it asks again. */
function rereadQueue(cache: QueryClient): void {
  // A first answer that is on its way may be of before, and is not given up by asking again.
  void cache
    .cancelQueries({ queryKey: keys.approvals })
    .then(() => cache.invalidateQueries({ queryKey: keys.approvals }));
}

function addActivity(cache: QueryClient, entry: Activity): void {
  for (const query of cache.getQueryCache().findAll({ queryKey: keys.activity })) {
    const filter = query.queryKey[1] as ActivityFilter;
    if (filter.agentId && filter.agentId !== entry.agent?.id) continue;
    if (filter.kind && filter.kind !== entry.kind) continue;
    if (filter.actorId && filter.actorId !== entry.actor?.id) continue;
    const at = Date.parse(entry.createdAt);
    if (filter.since && at < Date.parse(filter.since)) continue;
    if (filter.until && at >= Date.parse(filter.until)) continue;
    cache.setQueryData<InfiniteData<ActivityPage>>(
      query.queryKey,
      (pages) => pages && withEntry(pages, entry),
    );
  }
}

function withEntry(feed: InfiniteData<ActivityPage>, entry: Activity): InfiniteData<ActivityPage> {
  const [first, ...rest] = feed.pages;
  if (!first || first.items.some((known) => known.id === entry.id)) return feed;
  return { ...feed, pages: [{ ...first, items: [entry, ...first.items] }, ...rest] };
}

function addNotification(cache: QueryClient, added: Notification, unread: number): void {
  cache.setQueryData<Inbox>(notificationKeys.inbox, (known) => {
    if (!known || known.items.some((item) => item.id === added.id)) return known;
    return { ...known, items: [added, ...known.items], unread };
  });
}

function putRuntimeStatus(cache: QueryClient, runtimeStatus: RuntimeStatus): void {
  cache.setQueryData<AgentSettings>(keys.settings, (known) => known && { ...known, runtimeStatus });
}

function putSession(cache: QueryClient, session: TerminalSession): void {
  const put = (agent: Agent): Agent => {
    if (agent.id !== session.agentId) return agent;
    // The end of a session that has been replaced is not the end of the one that replaced it.
    const isOlder = agent.session && agent.session.id !== session.id && session.status === 'terminated';
    const { id, status, cols, rows } = session;
    return isOlder ? agent : { ...agent, session: { id, status, cols, rows } };
  };
  cache.setQueryData<Agent[]>(keys.agents, (known) => known?.map(put));
  cache.setQueryData<Agent>(keys.agent(session.agentId), (known) => known && put(known));
  // What was recorded of it is not in the event: whoever looks at that asks again.
  void cache.invalidateQueries({ queryKey: keys.session(session.id), exact: true });
  void cache.invalidateQueries({ queryKey: keys.sessionLists });
}

function unknownEvent(event: never): void {
  throw new Error(`no such event: ${JSON.stringify(event)}`);
}
