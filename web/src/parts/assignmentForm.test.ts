/** Owns the proof that the form of an assignment asks for what the server wants, and sends what was typed. */
import { describe, expect, it } from 'vitest';

import { EMPTY_WORK, isNoWork, isWhole, toAssignment, workErrors, type WorkForm } from './assignmentForm';

const form = (part: Partial<WorkForm>): WorkForm => ({ ...EMPTY_WORK, ...part });

describe('an assignment', () => {
  it.each([
    ['nothing', {}, true, false, []],
    ['spaces only', { title: '  ' }, true, false, []],
    ['a title only', { title: 'Fix it' }, false, false, ['instructions']],
    ['instructions only', { instructions: 'Fix it' }, false, false, ['title']],
    ['a deadline only', { deadline: '2026-05-01T10:00' }, false, false, ['title', 'instructions']],
    ['both', { title: 'Fix it', instructions: 'Now' }, false, true, []],
  ] as const)('of %s', (_, part, none, whole, wrong) => {
    expect(isNoWork(form(part))).toBe(none);
    expect(isWhole(form(part))).toBe(whole);
    expect(Object.keys(workErrors(form(part)))).toEqual(wrong);
  });

  it('becomes a request with references by their kind', () => {
    const references = [
      { kind: 'page', id: 'p', title: 'P' },
      { kind: 'task', id: 't', title: 'T' },
    ] as const;
    const deadline = '2026-05-01T10:00';
    expect(toAssignment(form({ title: ' A ', instructions: 'B', references, deadline }))).toEqual({
      title: 'A',
      instructions: 'B',
      pageIds: ['p'],
      taskIds: ['t'],
      deadline: new Date(deadline).toISOString(),
    });
    expect(toAssignment(form({ title: 'A', instructions: 'B' }))).toEqual({ title: 'A', instructions: 'B' });
  });
});
