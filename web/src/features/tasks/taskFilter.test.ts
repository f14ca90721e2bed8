/** Owns the proof that an address narrows the tasks to what it says. */
import { describe, expect, it } from 'vitest';

import { dayOf, dueness, filterOf, inColumn, isNarrowed, viewOf } from './taskFilter';

describe('filterOf', () => {
  it.each([
    ['', {}],
    ['view=list', {}],
    ['status=blocked&bucket=now', { status: 'blocked', bucket: 'now' }],
    ['status=nonsense&bucket=', {}],
    ['project=none&assignee=agt_1&q=%20fix%20', { projectId: 'none', assigneeId: 'agt_1', q: 'fix' }],
  ])('%s', (query, filter) => {
    const params = new URLSearchParams(query);
    expect(filterOf(params)).toEqual(filter);
    expect(isNarrowed(params)).toBe(Object.keys(filter).length > 0);
  });
});

it('shows a board unless the address asks for the list', () => {
  expect(viewOf(new URLSearchParams('view=list'))).toBe('list');
  expect(viewOf(new URLSearchParams('view=other'))).toBe('board');
});

it('gives each column its own status', () => {
  expect(inColumn({ q: 'a', status: 'todo' }, 'done')).toEqual({ q: 'a', status: 'done' });
});

it.each([
  ['2026-03-01', 'overdue'],
  ['2026-03-02', 'today'],
  ['2026-03-02T00:00:00.000Z', 'today'],
  ['2026-03-03', 'later'],
])('%s on 2026-03-02 is %s', (due, word) => {
  expect(dueness(due, '2026-03-02')).toBe(word);
});

it('knows the day as it is here', () => {
  expect(dayOf(new Date(2026, 0, 5, 23, 59).getTime())).toBe('2026-01-05');
});
