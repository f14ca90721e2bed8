/** Owns the requests about projects and tasks, and how they are cached. Must not know who shows the answers. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { call } from './calling';
import type {
  NewTask,
  Paged,
  Project,
  ProjectChange,
  Task,
  TaskChange,
  TaskMove,
  TaskStatus,
  TaskSummary,
} from './knowledge';

// Tasks of a column or list that are read at once.
const PER_PAGE = 50;
const ALL = 200;

/** What a list of tasks is narrowed to; an absent field is everything. */
export interface TaskFilter {
  status?: TaskStatus;
  assigneeId?: string;
  /** `none` for tasks without a project. */
  projectId?: string;
  bucket?: string;
  q?: string;
}

export const taskKeys = {
  projects: ['projects'] as const,
  all: ['tasks'] as const,
  lists: ['tasks', 'list'] as const,
  list: (filter: TaskFilter) => ['tasks', 'list', filter] as const,
  one: (id: string) => ['tasks', 'one', id] as const,
};

export const projectsQuery = queryOptions({
  queryKey: taskKeys.projects,
  queryFn: () => call<Paged<Project>>('GET', '/api/projects', { query: { limit: ALL } }),
});
export const createProject = (body: ProjectChange & { name: string }) =>
  call<Project>('POST', '/api/projects', { body });
export const changeProject = (id: string, body: ProjectChange) =>
  call<Project>('PATCH', `/api/projects/${id}`, { body });
export const deleteProject = (id: string) => call<void>('DELETE', `/api/projects/${id}`);

export const tasksQuery = (filter: TaskFilter) =>
  infiniteQueryOptions({
    queryKey: taskKeys.list(filter),
    queryFn: ({ pageParam }) =>
      call<Paged<TaskSummary>>('GET', '/api/tasks', {
        query: { ...filter, cursor: pageParam, limit: PER_PAGE },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
export const taskQuery = (id: string) =>
  queryOptions({ queryKey: taskKeys.one(id), queryFn: () => call<Task>('GET', `/api/tasks/${id}`) });
export const createTask = (body: NewTask) => call<Task>('POST', '/api/tasks', { body });
export const changeTask = (id: string, body: TaskChange) => call<Task>('PATCH', `/api/tasks/${id}`, { body });
export const moveTask = (id: string, body: TaskMove) => call<Task>('POST', `/api/tasks/${id}/move`, { body });
export const deleteTask = (id: string) => call<void>('DELETE', `/api/tasks/${id}`);
