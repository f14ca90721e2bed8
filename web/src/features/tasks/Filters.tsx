/** Owns what the tasks are narrowed to, in the address, and the way to a project's settings. Must not know the tasks. */
import { Button, Group, Select, TextInput } from '@mantine/core';
import { useDebouncedCallback, useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Plus, Search, Settings2 } from 'lucide-react';
import { useState } from 'react';
import { useSearchParams } from 'react-router';

import { BUCKETS, STATUSES, type Author } from '../../api/knowledge';
import { mentionsQuery } from '../../api/pages';
import { projectsQuery } from '../../api/tasks';
import { IconTool } from '../../parts/IconTool';
import { mayWrite, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { AssigneeSelect } from './AssigneeSelect';
import { ProjectDialog } from './ProjectDialog';
import { filterOf, isNarrowed, type View } from './taskFilter';

const words = texts.tasks.filters;
// As fast as one types, and not for every letter.
const TYPING_MS = 250;
const NARROWING = ['project', 'assignee', 'bucket', 'status', 'q'];

export function Filters({ view }: { view: View }) {
  const [params, setParams] = useSearchParams();
  const filter = filterOf(params);
  const narrow = (name: string, value: string | null) =>
    setParams(
      (known) => {
        if (value) known.set(name, value);
        else known.delete(name);
        return known;
      },
      { replace: true },
    );
  const clear = () =>
    setParams(
      (known) => {
        NARROWING.forEach((name) => known.delete(name));
        return known;
      },
      { replace: true },
    );
  return (
    <Group gap="xs">
      <ProjectFilter value={filter.projectId ?? null} onChange={(id) => narrow('project', id)} />
      <AssigneeFilter value={filter.assigneeId ?? null} onChange={(id) => narrow('assignee', id)} />
      <Select
        size="xs"
        w={120}
        aria-label={words.bucket}
        placeholder={words.anyBucket}
        data={BUCKETS.map((value) => ({ value, label: texts.tasks.buckets[value] }))}
        value={filter.bucket ?? null}
        onChange={(bucket) => narrow('bucket', bucket)}
        clearable
      />
      {view === 'list' && (
        <Select
          size="xs"
          w={130}
          aria-label={words.status}
          placeholder={words.anyStatus}
          data={STATUSES.map((value) => ({ value, label: texts.tasks.statuses[value] }))}
          value={filter.status ?? null}
          onChange={(status) => narrow('status', status)}
          clearable
        />
      )}
      <Words key={filter.q === undefined ? 'none' : 'some'} value={filter.q ?? ''} onChange={narrow} />
      {isNarrowed(params) && (
        <Button size="compact-xs" variant="subtle" onClick={clear}>
          {words.clear}
        </Button>
      )}
    </Group>
  );
}

interface WordsProps {
  value: string;
  onChange: (name: string, value: string) => void;
}

function Words({ value, onChange }: WordsProps) {
  const [typed, setTyped] = useState(value);
  const narrow = useDebouncedCallback((q: string) => onChange('q', q), TYPING_MS);
  return (
    <TextInput
      size="xs"
      w={170}
      type="search"
      aria-label={words.q}
      placeholder={words.q}
      leftSection={<Search size={13} aria-hidden />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        narrow(event.currentTarget.value);
      }}
    />
  );
}

interface FilterProps {
  value: string | null;
  onChange: (id: string | null) => void;
}

function ProjectFilter({ value, onChange }: FilterProps) {
  const projects = useQuery(projectsQuery).data?.items ?? [];
  const [isMaking, making] = useDisclosure(false);
  const [isChanging, changing] = useDisclosure(false);
  const may = mayWrite(useMe());
  const chosen = projects.find(({ id }) => id === value);
  return (
    <Group gap={4} wrap="nowrap">
      <Select
        size="xs"
        w={170}
        aria-label={words.project}
        placeholder={words.allProjects}
        data={[
          { value: 'none', label: words.noProject },
          ...projects.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={value}
        onChange={onChange}
        searchable
        clearable
      />
      {may && chosen && (
        <IconTool variant="default" label={texts.tasks.projects.settings} onClick={changing.open}>
          <Settings2 size={14} />
        </IconTool>
      )}
      {may && (
        <IconTool variant="default" label={texts.tasks.projects.new} onClick={making.open}>
          <Plus size={14} />
        </IconTool>
      )}
      {isMaking && (
        <ProjectDialog project={null} onClose={making.close} onMade={(project) => onChange(project.id)} />
      )}
      {isChanging && chosen && (
        <ProjectDialog project={chosen} onClose={changing.close} onGone={() => onChange(null)} />
      )}
    </Group>
  );
}

function AssigneeFilter({ value, onChange }: FilterProps) {
  const [chosen, setChosen] = useState<Author | null>(null);
  // A link names only the id.
  const all = useQuery({ ...mentionsQuery(''), enabled: value !== null }).data?.items ?? [];
  const known = chosen?.id === value ? chosen : all.find(({ id }) => id === value);
  const who = value === null ? null : (known ?? { kind: 'user' as const, id: value, name: value });
  return (
    <AssigneeSelect
      key={who?.name ?? 'none'}
      size="xs"
      w={150}
      aria-label={words.assignee}
      placeholder={words.anyAssignee}
      value={who}
      onChange={(next) => {
        setChosen(next);
        onChange(next?.id ?? null);
      }}
    />
  );
}
