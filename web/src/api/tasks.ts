/** Owns the requests about projects and tasks, and how they are cached. Must not know who shows the answers. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { answered, http } from './client';
import type {
  Bucket,
  NewProject,
  NewTask,
  ProjectChange,
  TaskChange,
  TaskMove,
  TaskStatus,
} from './knowledge';

// Tasks of a column or list that are read at once.
const PER_PAGE = 50;
// A workspace has few projects: all of them at once.
const ALL = 200;

/** What a list of tasks is narrowed to; an absent field is everything. */
export interface TaskFilter {
  status?: TaskStatus;
  assigneeId?: string;
  /** `none` for tasks without a project. */
  projectId?: string;
  bucket?: Bucket;
  q?: string;
}

export const taskKeys = {
  projects: ['projects'] as const,
  all: ['tasks'] as const,
  lists: ['tasks', 'list'] as const,
  list: (filter: TaskFilter) => ['tasks', 'list', filter] as const,
  one: (id: string) => ['tasks', 'one', id] as const,
};

const of = (id: string) => ({ params: { path: { id } } });

export const projectsQuery = queryOptions({
  queryKey: taskKeys.projects,
  queryFn: () => answered(http.GET('/api/projects', { params: { query: { limit: ALL } } })),
});
export const createProject = (body: NewProject) => answered(http.POST('/api/projects', { body }));
export const changeProject = (id: string, body: ProjectChange) =>
  answered(http.PATCH('/api/projects/{id}', { ...of(id), body }));
export const deleteProject = (id: string) => answered(http.DELETE('/api/projects/{id}', of(id)));

export const tasksQuery = (filter: TaskFilter) =>
  infiniteQueryOptions({
    queryKey: taskKeys.list(filter),
    queryFn: ({ pageParam }) =>
      answered(
        http.GET('/api/tasks', { params: { query: { ...filter, cursor: pageParam, limit: PER_PAGE } } }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: taskKeys.one(id),
    queryFn: () => answered(http.GET('/api/tasks/{id}', of(id))),
  });
export const createTask = (body: NewTask) => answered(http.POST('/api/tasks', { body }));
export const changeTask = (id: string, body: TaskChange) =>
  answered(http.PATCH('/api/tasks/{id}', { ...of(id), body }));
export const moveTask = (id: string, body: TaskMove) =>
  answered(http.POST('/api/tasks/{id}/move', { ...of(id), body }));
export const deleteTask = (id: string) => answered(http.DELETE('/api/tasks/{id}', of(id)));
