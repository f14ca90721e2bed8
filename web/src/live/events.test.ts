/** Owns the proof of what each event does to the cache: once, again, and late. */
import { QueryClient, type InfiniteData } from '@tanstack/react-query';
import { beforeEach, expect, test } from 'vitest';

import type { Assignment } from '../api/knowledge';
import { notificationKeys, type Inbox, type Notification } from '../api/notifications';
import { keys } from '../api/queries';
import { workKeys } from '../api/work';
import type { Activity, Agent, AgentSettings, TerminalSession } from '../api/shapes';
import { applyEvent, type ActivityPage, type WorkspaceEvent } from './events';

const AGENT: Agent = {
  id: 'agt_1',
  name: 'Scout',
  type: 'custom',
  status: 'starting',
  capabilities: [],
  permissions: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  statusSince: '2026-01-01T00:00:01.000Z',
  spawnedBy: { id: 'usr_1', name: 'Ada', kind: 'user' },
  origin: 'spawned',
  access: 'approved',
  session: { id: 'ses_1', status: 'active', cols: 80, rows: 24 },
};
const READY: Agent = { ...AGENT, status: 'ready', statusSince: '2026-01-01T00:00:02.000Z' };
const OTHER: Agent = { ...AGENT, id: 'agt_2', name: 'Other' };

let cache: QueryClient;
beforeEach(() => {
  cache = new QueryClient();
});

const list = () => cache.getQueryData<Agent[]>(keys.agents);

test('an agent that is not known yet comes first', () => {
  cache.setQueryData(keys.agents, [OTHER]);
  applyEvent(cache, { name: 'agent:started', payload: { agent: AGENT } });
  expect(list()).toEqual([AGENT, OTHER]);
  expect(cache.getQueryData(keys.agent(AGENT.id))).toEqual(AGENT);
});

test('a change takes the place of what was known, and the same event again changes nothing', () => {
  cache.setQueryData(keys.agents, [OTHER, AGENT]);
  const event: WorkspaceEvent = { name: 'agent:ready', payload: { agent: READY } };
  applyEvent(cache, event);
  applyEvent(cache, event);
  expect(list()).toEqual([OTHER, READY]);
});

test('an older word does not undo a newer one', () => {
  cache.setQueryData(keys.agents, [READY]);
  applyEvent(cache, { name: 'agent:status', payload: { agent: AGENT, status: 'starting', evidence: '' } });
  expect(list()).toEqual([READY]);
});

test('a list that was never read is not invented', () => {
  applyEvent(cache, { name: 'agent:ready', payload: { agent: READY } });
  expect(list()).toBeUndefined();
});

test('the screens of an agent are read again, others are not', () => {
  cache.setQueryData(keys.screen('agt_1'), {});
  cache.setQueryData(keys.screen('agt_2'), {});
  applyEvent(cache, { name: 'agent:ready', payload: { agent: READY } });
  expect(cache.getQueryState(keys.screen('agt_1'))?.isInvalidated).toBe(true);
  expect(cache.getQueryState(keys.screen('agt_2'))?.isInvalidated).toBe(false);
});

const ENTRY: Activity = {
  id: 'act_1',
  kind: 'agent_ready',
  message: 'Agent ready',
  agent: { id: 'agt_1', name: 'Scout' },
  createdAt: '2026-01-01T00:00:02.000Z',
};

test.each<[object, number]>([
  [{}, 1],
  [{ agentId: 'agt_1' }, 1],
  [{ agentId: 'agt_2' }, 0],
  [{ kind: 'agent_ready' }, 1],
  [{ kind: 'agent_failed' }, 0],
])('activity goes into the feed %j once', (filter, entries) => {
  const feed: InfiniteData<ActivityPage> = {
    pages: [{ items: [], nextCursor: null }],
    pageParams: [undefined],
  };
  cache.setQueryData(keys.activityOf(filter), feed);
  applyEvent(cache, { name: 'activity:added', payload: ENTRY });
  applyEvent(cache, { name: 'activity:added', payload: ENTRY });
  expect(cache.getQueryData<typeof feed>(keys.activityOf(filter))?.pages[0]?.items).toHaveLength(entries);
});

test('the runtime status stands in the settings', () => {
  const settings: AgentSettings = {
    hostingMode: 'local',
    runtimeAuthType: 'none',
    recordInput: 'full',
    auditDetailDays: 30,
    auditDays: 365,
    historyDays: 400,
    allowAccessRequests: false,
    maxAgents: 20,
    runtimeStatus: { connected: false },
  };
  cache.setQueryData(keys.settings, settings);
  applyEvent(cache, { name: 'runtime:status', payload: { connected: true, version: '1.0.0' } });
  expect(cache.getQueryData(keys.settings)).toEqual({
    ...settings,
    runtimeStatus: { connected: true, version: '1.0.0' },
  });
});

const SESSION: TerminalSession = {
  id: 'ses_1',
  agentId: 'agt_1',
  runtimeSessionId: 'pty-1',
  status: 'disconnected',
  cols: 100,
  rows: 30,
  createdAt: AGENT.createdAt,
};

test('a session stands with its agent; the end of a replaced one does not end its successor', () => {
  cache.setQueryData(keys.agents, [AGENT, OTHER]);
  applyEvent(cache, { name: 'terminal:status', payload: SESSION });
  expect(list()?.[0]?.session).toEqual({ id: 'ses_1', status: 'disconnected', cols: 100, rows: 30 });
  expect(list()?.[1]).toBe(OTHER);
  applyEvent(cache, { name: 'terminal:status', payload: { ...SESSION, id: 'ses_0', status: 'terminated' } });
  expect(list()?.[0]?.session?.id).toBe('ses_1');
});

test('what an agent asks appears and goes with its event', () => {
  cache.setQueryData(keys.agents, [READY]);
  const prompt = { id: 'pmt_1', kind: 'permission' as const, question: 'May it?', options: [] };
  const asking = { ...READY, status: 'waiting' as const, prompt };
  applyEvent(cache, { name: 'agent:prompt', payload: { agent: asking, prompt } });
  expect(list()?.[0]?.prompt).toEqual(prompt);
  applyEvent(cache, { name: 'agent:prompt', payload: { agent: READY, prompt: null } });
  expect(list()?.[0]?.prompt).toBeUndefined();
});

test('what was recorded of a session is asked for again, by those who show it', () => {
  const shown = [keys.session('ses_1'), keys.sessionsOf({}), keys.sessionsOf({ agentId: 'agt_2' })];
  for (const queryKey of [
    ...shown,
    keys.session('ses_2'),
    keys.cast({ sessionId: 'ses_1', asOf: 'complete' }),
  ]) {
    cache.setQueryData(queryKey, {});
  }
  applyEvent(cache, { name: 'terminal:status', payload: SESSION });
  for (const queryKey of shown) expect(cache.getQueryState(queryKey)?.isInvalidated).toBe(true);
  expect(cache.getQueryState(keys.session('ses_2'))?.isInvalidated).toBe(false);
  expect(cache.getQueryState(keys.cast({ sessionId: 'ses_1', asOf: 'complete' }))?.isInvalidated).toBe(false);
});

test('what one is told comes first and counts, once', () => {
  const item = (id: string): Notification => ({
    id,
    topic: 'blocked',
    kind: 'agent_prompt',
    message: 'Agent asks',
    path: '/agents/agt_1',
    createdAt: '2026-01-01T00:00:00.000Z',
  });
  cache.setQueryData<Inbox>(notificationKeys.inbox, { items: [item('ntf_1')], unread: 1 });
  for (let time = 0; time < 2; time += 1) {
    applyEvent(cache, { name: 'notification:added', payload: { notification: item('ntf_2'), unread: 2 } });
  }
  expect(cache.getQueryData(notificationKeys.inbox)).toEqual({
    items: [item('ntf_2'), item('ntf_1')],
    unread: 2,
  });
});

const WORK: Assignment = {
  id: 'asg_1',
  agent: { id: 'agt_1', name: 'Scout' },
  title: 'Look',
  instructions: 'Look at it.',
  pageIds: [],
  taskIds: [],
  state: 'pending',
  assignedBy: { kind: 'user', id: 'usr_1', name: 'Ada' },
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
};
const changed = (assignment: Assignment) =>
  applyEvent(cache, { name: 'assignment:changed', payload: { assignment } });
const openWork = () => cache.getQueryData<Assignment[]>(workKeys.open);

test('open work is kept for all agents at once, without asking again', () => {
  changed(WORK);
  expect(openWork(), 'nobody looks at it').toBeUndefined();
  cache.setQueryData(workKeys.open, [{ ...WORK, id: 'asg_0' }]);
  changed(WORK);
  changed(WORK);
  changed({ ...WORK, state: 'working', progress: 40 });
  expect(openWork()).toMatchObject([{ id: 'asg_0' }, { id: 'asg_1', state: 'working', progress: 40 }]);
  expect(cache.getQueryState(workKeys.open)?.isInvalidated).toBe(false);
});

test('work that has ended leaves the list of open work', () => {
  cache.setQueryData(workKeys.open, [WORK]);
  changed({ ...WORK, state: 'done', endedAt: '2026-01-01T00:01:00.000Z' });
  expect(openWork()).toEqual([]);
});
