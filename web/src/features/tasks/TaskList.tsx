/** Owns the list of tasks as a table. Must not know the board. */
import { Anchor, Button, Skeleton, Table, Text } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { SquareCheckBig } from 'lucide-react';
import { Link, useLocation } from 'react-router';

import type { TaskSummary } from '../../api/knowledge';
import { projectsQuery, tasksQuery, type TaskFilter } from '../../api/tasks';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { AssigneeMark, ClosedMark, DueMark, PriorityMark } from './TaskMarks';

const words = texts.tasks;

export function TaskList({ filter }: { filter: TaskFilter }) {
  const list = useInfiniteQuery(tasksQuery(filter));
  if (list.isPending) return <Skeleton h={240} aria-label={texts.loading} />;
  if (!list.data) return <ProblemNote error={list.error} onRetry={() => void list.refetch()} />;
  const tasks = list.data.pages.flatMap(({ items }) => items);
  if (tasks.length === 0) {
    const isNarrow = Object.keys(filter).length > 0;
    return (
      <EmptyState
        icon={SquareCheckBig}
        title={isNarrow ? words.emptyFiltered : words.empty}
        text={isNarrow ? words.emptyFilteredText : words.emptyText}
      />
    );
  }
  return (
    <>
      <Rows tasks={tasks} />
      {list.hasNextPage && (
        <Button
          variant="subtle"
          w="fit-content"
          mx="auto"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {words.more}
        </Button>
      )}
    </>
  );
}

function Rows({ tasks }: { tasks: TaskSummary[] }) {
  const { fields } = words;
  return (
    <Table.ScrollContainer minWidth={820}>
      <Table verticalSpacing={6} fz="sm" aria-label={words.title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={60}>{fields.number}</Table.Th>
            <Table.Th miw={200}>{fields.title}</Table.Th>
            <Table.Th w={110}>{fields.status}</Table.Th>
            <Table.Th w={100}>{fields.priority}</Table.Th>
            <Table.Th w={150}>{fields.assignee}</Table.Th>
            <Table.Th w={150}>{fields.dueDate}</Table.Th>
            <Table.Th w={140}>{fields.project}</Table.Th>
            <Table.Th w={100}>{fields.updated}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tasks.map((task) => (
            <Row key={task.id} task={task} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function Row({ task }: { task: TaskSummary }) {
  const { search } = useLocation();
  const projects = useQuery(projectsQuery).data?.items ?? [];
  const project = projects.find(({ id }) => id === task.projectId);
  return (
    <Table.Tr>
      <Table.Td c="dimmed">{words.number(task.number)}</Table.Td>
      <Table.Td>
        <Anchor
          component={Link}
          to={{ pathname: `/tasks/${task.id}`, search }}
          size="sm"
          fw={500}
          c="inherit"
        >
          {task.title}
        </Anchor>{' '}
        {!task.isAgentAccessible && <ClosedMark />}
      </Table.Td>
      <Table.Td>{words.statuses[task.status]}</Table.Td>
      <Table.Td>
        <PriorityMark priority={task.priority} />
      </Table.Td>
      <Table.Td>{task.assignee && <AssigneeMark who={task.assignee} />}</Table.Td>
      <Table.Td>{task.dueDate && <DueMark task={task} />}</Table.Td>
      <Table.Td>
        <Text span size="xs" c="dimmed">
          {project?.name}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text span size="xs" c="dimmed">
          <Ago moment={task.updatedAt} />
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
