/** Owns the fields of a task beside its title and text. Must not know how a change is saved. */
import { Select, SimpleGrid, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import {
  BUCKETS,
  PRIORITIES,
  STATUSES,
  type Bucket,
  type Author,
  type Priority,
  type TaskStatus,
} from '../../api/knowledge';
import { projectsQuery } from '../../api/tasks';
import { texts } from '../../texts';
import { AssigneeSelect } from './AssigneeSelect';

const words = texts.tasks;

/** What can be chosen of a task. */
export interface Chosen {
  status: TaskStatus;
  priority: Priority;
  bucket: Bucket;
  assignee: Author | null;
  /** Empty without one. */
  dueDate: string;
  projectId: string | null;
}

interface TaskFieldsProps {
  value: Chosen;
  disabled?: boolean;
  errors?: Partial<Record<keyof Chosen, string>>;
  onChange: (part: Partial<Chosen>) => void;
}

export function TaskFields({ value, disabled, errors = {}, onChange }: TaskFieldsProps) {
  const projects = useQuery(projectsQuery).data?.items ?? [];
  const { fields } = words;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" verticalSpacing="xs">
      <Select
        label={fields.status}
        size="xs"
        disabled={disabled}
        allowDeselect={false}
        data={STATUSES.map((status) => ({ value: status, label: words.statuses[status] }))}
        value={value.status}
        error={errors.status}
        onChange={(status) => status && onChange({ status: status as TaskStatus })}
      />
      <Select
        label={fields.priority}
        size="xs"
        disabled={disabled}
        allowDeselect={false}
        data={PRIORITIES.map((priority) => ({ value: priority, label: words.priorities[priority] }))}
        value={value.priority}
        error={errors.priority}
        onChange={(priority) => priority && onChange({ priority: priority as Priority })}
      />
      <AssigneeSelect
        key={value.assignee?.id ?? 'nobody'}
        label={fields.assignee}
        size="xs"
        disabled={disabled}
        placeholder={words.unassigned}
        value={value.assignee}
        error={errors.assignee}
        onChange={(assignee) => onChange({ assignee })}
      />
      <TextInput
        label={fields.dueDate}
        size="xs"
        type="date"
        disabled={disabled}
        value={value.dueDate}
        error={errors.dueDate}
        onChange={(event) => onChange({ dueDate: event.currentTarget.value })}
      />
      <Select
        label={fields.bucket}
        size="xs"
        disabled={disabled}
        allowDeselect={false}
        data={BUCKETS.map((bucket) => ({ value: bucket, label: words.buckets[bucket] }))}
        value={value.bucket}
        error={errors.bucket}
        onChange={(bucket) => bucket && onChange({ bucket: bucket as Bucket })}
      />
      <Select
        label={fields.project}
        size="xs"
        disabled={disabled}
        placeholder={words.noProject}
        clearable
        searchable
        data={projects.map(({ id, name }) => ({ value: id, label: name }))}
        value={value.projectId}
        error={errors.projectId}
        onChange={(projectId) => onChange({ projectId })}
      />
    </SimpleGrid>
  );
}
