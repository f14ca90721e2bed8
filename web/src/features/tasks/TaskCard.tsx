/** Owns one task on the board. Must not know the column it stands in. */
import { Group, Text } from '@mantine/core';
import { Link, useLocation } from 'react-router';

import type { TaskSummary } from '../../api/knowledge';
import { mayWrite, useMe } from '../../parts/me';
import { texts } from '../../texts';
import type { Drag } from './Board';
import { AssigneeMark, BucketMark, ClosedMark, DueMark, PriorityMark } from './TaskMarks';
import classes from './tasks.module.css';

const words = texts.tasks;

export function TaskCard({ task, drag }: { task: TaskSummary; drag: Drag }) {
  const { search } = useLocation();
  const may = mayWrite(useMe());
  return (
    <Link
      id={`task-${task.id}`}
      data-task={task.id}
      to={{ pathname: `/tasks/${task.id}`, search }}
      className={classes.card}
      aria-label={words.card(task.number, task.title)}
      aria-description={may ? words.keys : undefined}
      draggable={may}
      data-dragged={drag.dragged?.id === task.id || undefined}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move';
        drag.setDragged(task);
      }}
      onDragEnd={() => drag.setDragged(null)}
    >
      <Group gap={6} wrap="nowrap" align="flex-start">
        <Text span size="xs" c="dimmed" style={{ flex: 'none', lineHeight: 1.6 }}>
          {words.number(task.number)}
        </Text>
        <Text span size="sm" className={classes.cardTitle}>
          {task.title}
        </Text>
        {!task.isAgentAccessible && <ClosedMark />}
      </Group>
      <Group gap="4px 10px">
        <PriorityMark priority={task.priority} />
        {task.bucket !== 'none' && <BucketMark bucket={task.bucket} />}
        {task.dueDate && <DueMark task={task} />}
        {task.assignee && <AssigneeMark who={task.assignee} />}
      </Group>
    </Link>
  );
}
