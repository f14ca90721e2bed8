/** Owns how the state of an assignment is worded and coloured, and which ones are open. Must not know components. */
import type { Assignment, AssignmentState } from '../../api/knowledge';
import type { Agent } from '../../api/shapes';
import type { Tone } from '../../parts/states';

export const TONES: Record<AssignmentState, Tone> = {
  pending: 'quiet',
  delivered: 'working',
  working: 'working',
  blocked: 'attention',
  done: 'good',
  failed: 'failure',
  cancelled: 'quiet',
};

// A program is at its prompt for a moment before it begins, and between its last word and its report.
const IDLE_MS = 10_000;

const ENDED: readonly AssignmentState[] = ['done', 'failed', 'cancelled'];
// What is worked on stands before what waits.
const ORDER: readonly AssignmentState[] = ['blocked', 'working', 'delivered', 'pending'];

export function isOpen({ state }: Pick<Assignment, 'state'>): boolean {
  return !ENDED.includes(state);
}

/** Whether its agent has it, sits at its prompt, and says nothing of it: the agent has forgotten, or cannot report. */
export function isIdle(
  { state, updatedAt }: Pick<Assignment, 'state' | 'updatedAt'>,
  { status, statusSince }: Pick<Agent, 'status' | 'statusSince'>,
  now: number,
): boolean {
  const has = state === 'delivered' || state === 'working';
  const since = Math.max(Date.parse(updatedAt), Date.parse(statusSince));
  return has && status === 'ready' && now - since > IDLE_MS;
}

/** What is not ended, the one that is worked on first. */
export function openOnes(assignments: readonly Assignment[]): Assignment[] {
  return assignments
    .filter(isOpen)
    .sort(
      (a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || a.createdAt.localeCompare(b.createdAt),
    );
}

/** A result as Markdown: words as they are, anything else as JSON to read. */
export function resultText(result: unknown): string | null {
  if (result === null || result === undefined) return null;
  if (typeof result === 'string') return result;
  return `\`\`\`json\n${JSON.stringify(result, null, 2)}\n\`\`\``;
}
