/** Owns how an agent's status is worded, coloured and grouped. Must not know components. */
import type { Agent, AgentStatus, TerminalStatus } from '../api/shapes';

export type Tone = 'attention' | 'failure' | 'working' | 'good' | 'quiet';
export type Group = 'needsYou' | 'working' | 'ready' | 'starting' | 'stopped';

export const GROUPS: readonly Group[] = ['needsYou', 'working', 'ready', 'starting', 'stopped'];

// A failure asks for a person for a day; after that it is history.
const FAILURE_NEEDS_YOU_MS = 24 * 60 * 60 * 1000;

interface StatusLook {
  word: string;
  tone: Tone;
  group: Group;
}

export const STATUS: Record<AgentStatus, StatusLook> = {
  spawning: { word: 'Spawning', tone: 'quiet', group: 'starting' },
  starting: { word: 'Starting', tone: 'quiet', group: 'starting' },
  login_required: { word: 'Login required', tone: 'attention', group: 'needsYou' },
  ready: { word: 'Ready', tone: 'good', group: 'ready' },
  busy: { word: 'Busy', tone: 'working', group: 'working' },
  waiting: { word: 'Waiting for you', tone: 'attention', group: 'needsYou' },
  stopping: { word: 'Stopping', tone: 'quiet', group: 'working' },
  stopped: { word: 'Stopped', tone: 'quiet', group: 'stopped' },
  error: { word: 'Error', tone: 'failure', group: 'needsYou' },
};

/** The guide's six words. */
export const TERMINAL_STATUS: Record<TerminalStatus, { word: string; tone: Tone }> = {
  pending: { word: 'Pending', tone: 'quiet' },
  connecting: { word: 'Connecting', tone: 'quiet' },
  active: { word: 'Active', tone: 'good' },
  login_required: { word: 'Login Required', tone: 'attention' },
  disconnected: { word: 'Disconnected', tone: 'attention' },
  terminated: { word: 'Terminated', tone: 'quiet' },
};

export function hasEnded(agent: Agent): boolean {
  return agent.status === 'stopped' || agent.status === 'error';
}

/** Whether a card stands above its terminal. */
export function hasCard(agent: Agent): boolean {
  return agent.status === 'login_required' || Boolean(agent.prompt ?? agent.limit ?? agent.trouble);
}

/** The group of the home page that an agent belongs to. */
export function groupOf(agent: Agent, now: number): Group {
  if (agent.status === 'error' && now - Date.parse(agent.statusSince) > FAILURE_NEEDS_YOU_MS)
    return 'stopped';
  return STATUS[agent.status].group;
}

export function toneColor(tone: Tone): string {
  return `var(--raven-${tone})`;
}
