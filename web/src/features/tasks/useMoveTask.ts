/** Owns moving a task on the board: shown at once, taken back when it is refused. Must not know keys or pointers. */
import { useMutation, useQueryClient, type InfiniteData } from '@tanstack/react-query';

import type { TaskSummary } from '../../api/knowledge';
import { moveTask, taskKeys, tasksQuery, type TaskFilter } from '../../api/tasks';
import { inserted, type Place } from './boardMoves';
import { inColumn } from './taskFilter';

interface Page {
  items: TaskSummary[];
  nextCursor?: string | null;
}

type Loaded = InfiniteData<Page, string | undefined>;

interface Move {
  task: TaskSummary;
  place: Place;
}

export function useMoveTask(filter: TaskFilter) {
  const cache = useQueryClient();
  const keyOf = (status: TaskSummary['status']) => tasksQuery(inColumn(filter, status)).queryKey;
  const put = ({ task, place }: Move) => {
    cache.setQueryData<Loaded>(keyOf(task.status), (known) => known && without(known, task.id));
    const moved = { ...task, status: place.status };
    cache.setQueryData<Loaded>(keyOf(place.status), (known) => known && withTask(known, moved, place.before));
    requestAnimationFrame(() => document.getElementById(`task-${task.id}`)?.focus());
  };
  const moving = useMutation({
    // Without its project, in which it stays: the one that is shown may be one of before.
    mutationFn: ({ task, place }: Move) => moveTask(task.id, { status: place.status, before: place.before }),
    onSuccess: (task) => cache.setQueryData(taskKeys.one(task.id), task),
    // Also after a success: others may have moved something meanwhile. While more moves wait, theirs is the last word.
    onSettled: () => {
      if (cache.isMutating({ mutationKey: ['move-task'] }) === 1) {
        void cache.invalidateQueries({ queryKey: taskKeys.all });
        void cache.invalidateQueries({ queryKey: taskKeys.projects });
      }
    },
    mutationKey: ['move-task'],
    scope: { id: 'move-task' },
  });
  const taskOf = (id: string): TaskSummary | undefined =>
    cache
      .getQueriesData<Loaded>({ queryKey: taskKeys.lists })
      .flatMap(([, data]) => data?.pages.flatMap(({ items }) => items) ?? [])
      .find((task) => task.id === id);
  const mutate = (move: Move) => {
    // What is on its way is of before the move.
    void cache.cancelQueries({ queryKey: taskKeys.lists });
    put(move);
    moving.mutate(move);
  };
  return { isError: moving.isError, error: moving.error, mutate, taskOf };
}

function without(list: Loaded, id: string): Loaded {
  return {
    ...list,
    pages: list.pages.map((page) => ({ ...page, items: page.items.filter((task) => task.id !== id) })),
  };
}

/** Into the page that has the one it stands before; at the end of what is loaded otherwise. */
function withTask(list: Loaded, task: TaskSummary, before: string | undefined): Loaded {
  const cleaned = without(list, task.id);
  const found = cleaned.pages.findIndex(({ items }) => items.some(({ id }) => id === before));
  const at = found < 0 ? cleaned.pages.length - 1 : found;
  const pages = cleaned.pages.map((page, index) =>
    index === at ? { ...page, items: inserted(page.items, task, before) } : page,
  );
  return { ...cleaned, pages };
}
