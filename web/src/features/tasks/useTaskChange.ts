/** Owns saving what is changed of a task, each change on top of the version that is shown. Must not know fields. */
import { useMutation, useQueryClient } from '@tanstack/react-query';

import type { Task, TaskChange } from '../../api/knowledge';
import { changeTask, taskKeys } from '../../api/tasks';
import type { Chosen } from './TaskFields';

interface Wanted {
  change: TaskChange;
  version: number;
  onSaved?: (saved: Task) => void;
}

export type TaskChanging = ReturnType<typeof useTaskChange>;

export function useTaskChange(task: Task) {
  const cache = useQueryClient();
  const changing = useMutation({
    mutationFn: ({ change, version }: Wanted) => changeTask(task.id, { ...change, version }),
    onSuccess: (changed, { onSaved }) => {
      cache.setQueryData(taskKeys.one(changed.id), changed);
      void cache.invalidateQueries({ queryKey: taskKeys.lists });
      void cache.invalidateQueries({ queryKey: taskKeys.projects });
      onSaved?.(changed);
    },
  });
  /** What takes a while to type is on top of the version at which it was begun. */
  const change = (part: TaskChange, begun?: { version: number; onSaved: (saved: Task) => void }) =>
    changing.mutate({ change: part, version: begun?.version ?? task.version, onSaved: begun?.onSaved });
  const choose = ({ assignee, dueDate, ...rest }: Partial<Chosen>) =>
    change({
      ...rest,
      ...(assignee === undefined ? {} : { assigneeId: assignee?.id ?? null }),
      ...(dueDate === undefined ? {} : { dueDate: dueDate || null }),
    });
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
    error: changing.error,
    isPending: changing.isPending,
    /** What is being saved, to know whose button waits. */
    wanted: changing.isPending ? changing.variables.change : undefined,
    change,
    choose,
    again,
    reread,
  };
}
