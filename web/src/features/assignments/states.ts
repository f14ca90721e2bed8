/** Owns how the state of an assignment is worded and coloured, and which ones are open. Must not know components. */
import type { Assignment, AssignmentState } from '../../api/knowledge';
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

const ENDED: readonly AssignmentState[] = ['done', 'failed', 'cancelled'];
// What is worked on stands before what waits.
const ORDER: readonly AssignmentState[] = ['blocked', 'working', 'delivered', 'pending'];

export function isOpen({ state }: Pick<Assignment, 'state'>): boolean {
  return !ENDED.includes(state);
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
