/** Owns the page of tasks: board or list, its filters, and the drawer of one task. Must not know comments, which the shell puts in. */
import { Button, Group, SegmentedControl, Stack, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Plus } from 'lucide-react';
import type { ReactNode } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';

import type { Subject } from '../../api/knowledge';
import { mayWrite, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { Board } from './Board';
import { Filters } from './Filters';
import { NewTaskDialog } from './NewTaskDialog';
import { TaskDrawer } from './TaskDrawer';
import { filterOf, viewOf, type View } from './taskFilter';
import { TaskList } from './TaskList';
import classes from './tasks.module.css';

const words = texts.tasks;

interface TasksPageProps {
  comments: (subject: Subject) => ReactNode;
}

export function TasksPage({ comments }: TasksPageProps) {
  const { taskId } = useParams();
  const [params, setParams] = useSearchParams();
  const navigate = useNavigate();
  const [isMaking, { open, close }] = useDisclosure(false);
  const may = mayWrite(useMe());
  const filter = filterOf(params);
  const view = viewOf(params);
  const project = filter.projectId === 'none' ? undefined : filter.projectId;
  const setView = (next: View) =>
    setParams(
      (known) => {
        known.set('view', next);
        return known;
      },
      { replace: true },
    );
  return (
    <Stack className={classes.page} gap="sm">
      <title>{texts.title(words.title)}</title>
      <Group justify="space-between" gap="sm">
        <Title order={1}>{words.title}</Title>
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            aria-label={words.view}
            value={view}
            onChange={(next) => setView(next as View)}
            data={[
              { value: 'board', label: words.board },
              { value: 'list', label: words.list },
            ]}
          />
          {may && (
            <Button size="xs" leftSection={<Plus size={14} aria-hidden />} onClick={open}>
              {words.new}
            </Button>
          )}
        </Group>
      </Group>
      <Filters view={view} />
      {view === 'board' ? <Board filter={filter} /> : <TaskList filter={filter} />}
      {isMaking && <NewTaskDialog projectId={project} onClose={close} />}
      <TaskDrawer
        id={taskId}
        comments={comments}
        onClose={() => void navigate({ pathname: '/tasks', search: params.toString() })}
      />
    </Stack>
  );
}
