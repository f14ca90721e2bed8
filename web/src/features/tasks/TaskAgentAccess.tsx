/** Owns whether agents see a task: as its project, open, closed; and says what closing closes. Must not decide what agents may do. */
import { SegmentedControl, Stack, Text } from '@mantine/core';

import type { Task } from '../../api/knowledge';
import { mayWrite, useMe } from '../../parts/me';
import { texts } from '../../texts';
import classes from './tasks.module.css';
import type { TaskChanging } from './useTaskChange';

const words = texts.tasks.agents;

type Access = 'inherit' | 'open' | 'closed';
const FLAGS: Record<Access, boolean | null> = { inherit: null, open: true, closed: false };

export function TaskAgentAccess({ task, changing }: { task: Task; changing: TaskChanging }) {
  const may = mayWrite(useMe());
  const own = task.agentAccessible ?? null;
  const access: Access = own === null ? 'inherit' : own ? 'open' : 'closed';
  return (
    <Stack gap={6} className={classes.access}>
      <Text size="sm" fw={500} id="task-agents">
        {words.label}
      </Text>
      <SegmentedControl
        aria-labelledby="task-agents"
        size="xs"
        w="fit-content"
        disabled={!may}
        value={access}
        data={[
          { value: 'inherit', label: words.inherit },
          { value: 'open', label: words.open },
          { value: 'closed', label: words.closed },
        ]}
        onChange={(next) => changing.change({ agentAccessible: FLAGS[next as Access] })}
      />
      <Text size="xs" c="dimmed">
        {task.isAgentAccessible ? words.isOpen : words.isClosed}
      </Text>
    </Stack>
  );
}
