/** Owns the page of search results; what is asked stands in the address. Must not know how results are found. */
import {
  Anchor,
  Badge,
  Group,
  SegmentedControl,
  Select,
  Skeleton,
  Stack,
  Text,
  TextInput,
  Title,
} from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Search, SearchX } from 'lucide-react';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';

import type { Found, FoundKind } from '../../api/knowledge';
import { kindOf, searchQuery, spacesQuery } from '../../api/pages';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { piecesOf, placeOf } from './found';
import classes from './search.module.css';

const words = texts.search;
const KINDS = ['page', 'task', 'comment'] as const satisfies readonly FoundKind[];
// As fast as one types, and not for every letter.
const TYPING_MS = 200;

export function SearchPage() {
  const [params, setParams] = useSearchParams();
  const q = params.get('q')?.trim() ?? '';
  const kind = KINDS.find((known) => known === params.get('kind'));
  const spaceId = params.get('space') ?? undefined;
  const narrow = (name: string, value: string | null) =>
    setParams(
      (known) => {
        if (value) known.set(name, value);
        else known.delete(name);
        return known;
      },
      { replace: true },
    );
  return (
    <Stack gap="md" p={{ base: 'sm', sm: 'lg' }} maw={860}>
      <title>{texts.title(words.title)}</title>
      <Title order={1}>{words.title}</Title>
      <Words value={q} onChange={(next) => narrow('q', next)} />
      <Group gap="xs">
        <SegmentedControl
          size="xs"
          value={kind ?? 'all'}
          onChange={(next) => narrow('kind', next === 'all' ? null : next)}
          data={[
            { value: 'all', label: words.all },
            ...KINDS.map((value) => ({ value, label: words.kinds[value] })),
          ]}
        />
        <SpaceFilter value={spaceId ?? null} onChange={(id) => narrow('space', id)} />
      </Group>
      <Results q={q} kind={kind} spaceId={spaceId} />
    </Stack>
  );
}

function Words({ value, onChange }: { value: string; onChange: (q: string) => void }) {
  const [typed, setTyped] = useState(value);
  const ask = useDebouncedCallback(onChange, TYPING_MS);
  return (
    <TextInput
      type="search"
      aria-label={words.label}
      placeholder={words.placeholder}
      leftSection={<Search size={15} aria-hidden />}
      autoFocus
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        ask(event.currentTarget.value.trim());
      }}
    />
  );
}

function SpaceFilter({ value, onChange }: { value: string | null; onChange: (id: string | null) => void }) {
  const spaces = useQuery(spacesQuery).data?.items ?? [];
  if (spaces.length < 2) return null;
  return (
    <Select
      size="xs"
      w={180}
      aria-label={words.space}
      placeholder={words.allSpaces}
      data={spaces.map(({ id, name }) => ({ value: id, label: name }))}
      value={value}
      onChange={onChange}
      clearable
    />
  );
}

interface ResultsProps {
  q: string;
  kind: FoundKind | undefined;
  spaceId: string | undefined;
}

function Results({ q, kind, spaceId }: ResultsProps) {
  const found = useQuery(searchQuery({ q, kinds: kind && [kind], spaceId }));
  if (q === '') return <EmptyState icon={Search} title={words.begin} text={words.beginText} />;
  if (found.isPending) return <Skeleton h={240} aria-label={texts.loading} />;
  if (!found.data) return <ProblemNote error={found.error} onRetry={() => void found.refetch()} />;
  const items = found.data.items;
  return (
    <>
      <Text size="xs" c="dimmed" role="status">
        {words.count(items.length)}
      </Text>
      {items.length === 0 && <EmptyState icon={SearchX} title={words.nothing} text={words.nothingText(q)} />}
      <ul className={classes.list} aria-label={words.title} aria-busy={found.isPlaceholderData}>
        {items.map((item) => (
          <Result key={`${item.kind}-${item.id}`} found={item} />
        ))}
      </ul>
    </>
  );
}

function Result({ found }: { found: Found }) {
  return (
    <li className={classes.result}>
      <Group gap="xs" wrap="nowrap">
        <Badge variant="light" color="gray" style={{ flex: 'none' }}>
          {words.kind[kindOf(found.kind)]}
        </Badge>
        <Anchor component={Link} to={placeOf(found)} fw={600} size="sm" truncate>
          {found.title || words.comment[found.taskId ? 'task' : 'page']}
        </Anchor>
        <Text size="xs" c="dimmed" component="div" ml="auto" style={{ flex: 'none' }}>
          <Ago moment={found.updatedAt} />
        </Text>
      </Group>
      {found.snippet && (
        <Text size="sm" c="dimmed" className={classes.snippet}>
          {piecesOf(found.snippet).map(({ text, isMatch }, at) =>
            isMatch ? <mark key={at}>{text}</mark> : text,
          )}
        </Text>
      )}
    </li>
  );
}
