/** Owns the proof that open work stands in the order in which it matters. */
import { expect, it } from 'vitest';

import { ASSIGNMENT_STATES, type Assignment, type AssignmentState } from '../../api/knowledge';
import { isIdle, openOnes, resultText } from './states';

function assignment(id: string, state: AssignmentState, minute: number): Assignment {
  const createdAt = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
  return {
    id,
    state,
    createdAt,
    updatedAt: createdAt,
    agent: { id: 'agt_1', name: 'Bo' },
    title: id,
    instructions: '',
    pageIds: [],
    taskIds: [],
    assignedBy: { kind: 'user', id: 'usr_1', name: 'Ada' },
  };
}

it('has what is worked on before what waits, the older first, and nothing that has ended', () => {
  const all = ASSIGNMENT_STATES.map((state, at) => assignment(state, state, at));
  const older = assignment('older', 'pending', -1);
  expect(openOnes([...all, older]).map(({ id }) => id)).toEqual([
    'blocked',
    'working',
    'delivered',
    'older',
    'pending',
  ]);
});

it.each([
  [undefined, null],
  [null, null],
  ['**done**', '**done**'],
  [{ links: 12 }, '```json\n{\n  "links": 12\n}\n```'],
])('the result %o is shown', (result, text) => {
  expect(resultText(result)).toBe(text);
});

it.each([
  ['delivered', 'ready', 11, true],
  ['working', 'ready', 11, true],
  ['delivered', 'ready', 9, false],
  ['delivered', 'busy', 60, false],
  ['blocked', 'ready', 60, false],
  ['pending', 'ready', 60, false],
  ['done', 'ready', 60, false],
] as const)('work that is %s at an agent that is %s for %i s: idle is %s', (state, status, seconds, idle) => {
  const since = (ago: number) => new Date(60_000 - ago * 1000).toISOString();
  const agent = { status, statusSince: since(seconds) };
  expect(isIdle({ state, updatedAt: since(60) }, agent, 60_000)).toBe(idle);
  expect(isIdle({ state, updatedAt: since(0) }, agent, 60_000)).toBe(false);
});
