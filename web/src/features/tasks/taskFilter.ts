/** Owns what of the tasks is shown, as it stands in the address. Must not know components. */
import { BUCKETS, STATUSES, type Bucket, type TaskStatus } from '../../api/knowledge';
import type { TaskFilter } from '../../api/tasks';

export type View = 'board' | 'list';

export function viewOf(params: URLSearchParams): View {
  return params.get('view') === 'list' ? 'list' : 'board';
}

/** The filter of an address; what makes no sense counts as nothing. */
export function filterOf(params: URLSearchParams): TaskFilter {
  const status = STATUSES.find((known): known is TaskStatus => known === params.get('status'));
  const bucket = BUCKETS.find((known): known is Bucket => known === params.get('bucket'));
  const filter: TaskFilter = {};
  const [project, assignee, q] = [params.get('project'), params.get('assignee'), params.get('q')?.trim()];
  if (status) filter.status = status;
  if (bucket) filter.bucket = bucket;
  if (project) filter.projectId = project;
  if (assignee) filter.assigneeId = assignee;
  if (q) filter.q = q;
  return filter;
}

/** A board has its statuses side by side. */
export function inColumn(filter: TaskFilter, status: TaskStatus): TaskFilter {
  return { ...filter, status };
}

export function isNarrowed(params: URLSearchParams): boolean {
  return Object.keys(filterOf(params)).length > 0;
}

/** How a due day stands to today. */
export function dueness(dueDate: string, today: string): 'overdue' | 'today' | 'later' {
  const day = dueDate.slice(0, 10);
  if (day < today) return 'overdue';
  return day === today ? 'today' : 'later';
}

/** Today as it is here. */
export function dayOf(now: number): string {
  const date = new Date(now);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
