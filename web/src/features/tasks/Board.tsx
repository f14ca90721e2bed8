/** Owns the board: a column for each status, tasks moved by keyboard and by dragging. Must not know the drawer. */
import { Button, Skeleton, Text, VisuallyHidden } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useRef, useState, type DragEvent, type KeyboardEvent } from 'react';

import { STATUSES, type TaskSummary, type TaskStatus } from '../../api/knowledge';
import { tasksQuery, type TaskFilter } from '../../api/tasks';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { dropPlace, focusOf, placeOf, type Column, type Place } from './boardMoves';
import { TaskCard } from './TaskCard';
import { inColumn } from './taskFilter';
import classes from './tasks.module.css';
import { useMoveTask } from './useMoveTask';

const words = texts.tasks;

export function Board({ filter }: { filter: TaskFilter }) {
  const place = useRef<HTMLDivElement>(null);
  const may = mayWrite(useMe());
  const moving = useMoveTask(filter);
  const [dragged, setDragged] = useState<TaskSummary | null>(null);
  const [said, setSaid] = useState('');
  const move = (task: TaskSummary, to: Place) => {
    moving.mutate({ task, place: to });
    setSaid(words.moved(task.title, words.statuses[to.status]));
  };
  const onKey = (event: KeyboardEvent) => {
    const id = (event.target as HTMLElement).dataset.task;
    if (!id || !place.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const columns = columnsIn(place.current);
    if (event.shiftKey) {
      const to = may ? placeOf(event.key, columns, id) : null;
      const task = to && moving.taskOf(id);
      if (!to || !task) return;
      event.preventDefault();
      return move(task, to);
    }
    const next = focusOf(event.key, columns, id);
    if (!next) return;
    event.preventDefault();
    document.getElementById(`task-${next}`)?.focus();
  };
  const drag: Drag = { dragged, setDragged, move };
  return (
    <>
      {moving.isError && <ProblemNote error={moving.error} />}
      <div ref={place} className={classes.board} role="group" aria-label={words.board} onKeyDown={onKey}>
        {STATUSES.map((status) => (
          <BoardColumn key={status} status={status} filter={inColumn(filter, status)} drag={drag} />
        ))}
      </div>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      <Text size="xs" c="dimmed" visibleFrom="sm">
        {words.keys}
      </Text>
    </>
  );
}

/** What is dragged on the board, and where it may be dropped. */
export interface Drag {
  dragged: TaskSummary | null;
  setDragged: (task: TaskSummary | null) => void;
  move: (task: TaskSummary, to: Place) => void;
}

/** The columns as they stand on the screen. */
function columnsIn(board: HTMLElement): Column[] {
  return [...board.querySelectorAll<HTMLElement>('[data-status]')].map((column) => ({
    status: column.dataset.status as TaskStatus,
    ids: [...column.querySelectorAll<HTMLElement>('[data-task]')].map((card) => card.dataset.task ?? ''),
  }));
}

interface BoardColumnProps {
  status: TaskStatus;
  filter: TaskFilter;
  drag: Drag;
}

function BoardColumn({ status, filter, drag }: BoardColumnProps) {
  const list = useInfiniteQuery(tasksQuery(filter));
  const tasks = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const drop = useColumnDrop(status, tasks, drag);
  return (
    <section
      className={classes.column}
      data-status={status}
      data-over={drop.isOver || undefined}
      aria-label={words.statuses[status]}
      {...drop.handlers}
    >
      <h2 className={classes.columnName}>
        {words.statuses[status]}
        {list.data && (
          <span className={classes.columnCount}>{`${tasks.length}${list.hasNextPage ? '+' : ''}`}</span>
        )}
      </h2>
      {list.isPending && <Skeleton h={72} aria-label={texts.loading} />}
      {list.isError && !list.data && <ProblemNote error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && tasks.length === 0 && (
        <Text size="xs" c="dimmed" px={4}>
          {words.columnEmpty}
        </Text>
      )}
      <ul className={classes.cards}>
        {tasks.map((task) => (
          <li key={task.id}>
            <TaskCard task={task} drag={drag} />
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button
          size="compact-xs"
          variant="subtle"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {words.more}
        </Button>
      )}
    </section>
  );
}

function useColumnDrop(status: TaskStatus, tasks: TaskSummary[], { dragged, setDragged, move }: Drag) {
  const [isOver, setOver] = useState(false);
  const handlers = {
    onDragOver: (event: DragEvent) => {
      if (!dragged) return;
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: (event: DragEvent) => {
      event.preventDefault();
      setOver(false);
      const card = (event.target as HTMLElement).closest<HTMLElement>('[data-task]');
      const ids = tasks.map(({ id }) => id);
      const to = dragged && dropPlace(status, ids, dragged.id, card?.dataset.task ?? null);
      setDragged(null);
      if (dragged && to) move(dragged, to);
    },
  };
  return { isOver, handlers };
}
