/** Owns saving what is changed of a task, each change on top of the version that is shown. Must not know fields. */
import { useMutation, useQueryClient } from '@tanstack/react-query';

import type { Task, TaskChange } from '../../api/knowledge';
import { assignTask, changeTask, moveTask, taskKeys } from '../../api/tasks';
import type { Chosen } from './TaskFields';

interface Wanted {
  change: TaskChange;
  version: number;
  onSaved?: () => void;
}

export type TaskChanging = ReturnType<typeof useTaskChange>;

export function useTaskChange(task: Task) {
  const cache = useQueryClient();
  const onSuccess = (changed: Task) => {
    cache.setQueryData(taskKeys.one(changed.id), changed);
    void cache.invalidateQueries({ queryKey: taskKeys.lists });
    void cache.invalidateQueries({ queryKey: taskKeys.projects });
  };
  const changing = useMutation({
    mutationFn: ({ change, version }: Wanted) => changeTask(task.id, { ...change, version }),
    onSuccess: (changed, { onSaved }) => {
      onSuccess(changed);
      onSaved?.();
    },
  });
  const placing = useMutation({
    mutationFn: (part: Partial<Chosen>) =>
      part.assignee !== undefined
        ? assignTask(task.id, part.assignee?.id ?? null)
        : moveTask(task.id, { projectId: part.projectId ?? null }),
    onSuccess,
  });
  const change = (part: TaskChange, onSaved?: () => void) => {
    placing.reset();
    changing.mutate({ change: part, version: task.version, onSaved });
  };
  /** Who does it, and the project it stands in, have requests of their own. */
  const choose = (part: Partial<Chosen>) => {
    const { assignee, projectId, dueDate, ...rest } = part;
    if (assignee !== undefined || projectId !== undefined) {
      changing.reset();
      return placing.mutate(part);
    }
    change(dueDate === undefined ? rest : { ...rest, dueDate: dueDate || null });
  };
  const again = (version: number) => {
    const wanted = changing.variables;
    if (wanted) changing.mutate({ ...wanted, version });
  };
  /** Shows what is there now; answers what was not saved. */
  const reread = async (): Promise<TaskChange> => {
    await cache.invalidateQueries({ queryKey: taskKeys.one(task.id) });
    const unsaved = changing.variables?.change ?? {};
    changing.reset();
    return unsaved;
  };
  return {
    error: changing.error ?? placing.error,
    isPending: changing.isPending || placing.isPending,
    /** What was saved last, to know whose button waits. */
    wanted: changing.isPending ? changing.variables?.change : undefined,
    change,
    choose,
    again,
    reread,
  };
}
