/** Owns the list of entries with its filters, which stand in the address. Must not know what one entry says in full. */
import { Anchor, Button, Group, Select, Skeleton, Stack, Table, Text, UnstyledButton } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';

import { auditExportUrl } from '../../api/client';
import { agentsQuery, auditQuery } from '../../api/queries';
import type { AuditEntry } from '../../api/shapes';
import { EmptyState } from '../../parts/EmptyState';
import { Days, ExportMenu, Narrowed } from '../../parts/NarrowParts';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { toneColor, type Tone } from '../../parts/states';
import { texts } from '../../texts';
import { AUDIT_AREAS } from '../../texts/audit';
import { filterOf, OUTCOMES } from './auditFilter';
import { EntryDrawer } from './EntryDrawer';
import classes from './audit.module.css';

const words = texts.audit;
const TONES: Record<AuditEntry['outcome'], Tone> = {
  begun: 'quiet',
  done: 'quiet',
  refused: 'attention',
  failed: 'failure',
};

/** Where what an entry is about has its page. */
const PAGES: Partial<Record<string, string>> = {
  agent: '/agents',
  recording: '/recordings',
  'terminal session': '/recordings',
};

export function EntriesPart() {
  const [params, setParams] = useSearchParams();
  const filter = filterOf(params);
  const entries = useInfiniteQuery(auditQuery(filter));
  const [opened, setOpened] = useState<AuditEntry | null>(null);
  const narrow = (name: string, value: string | null) =>
    setParams(
      (known) => {
        if (value) known.set(name, value);
        else known.delete(name);
        return known;
      },
      { replace: true },
    );
  const found = entries.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      <Filters params={params} onNarrow={narrow} />
      <Pills params={params} found={found} onNarrow={narrow} />
      {entries.isPending && <Skeleton h={240} aria-label={texts.loading} />}
      {entries.isError && !entries.data && (
        <ProblemNote error={entries.error} onRetry={() => void entries.refetch()} />
      )}
      {entries.data && found.length === 0 && (
        <EmptyState icon={ScrollText} title={words.empty} text={words.emptyText} />
      )}
      {found.length > 0 && <Entries found={found} onOpen={setOpened} onNarrow={narrow} />}
      {entries.hasNextPage && (
        <Button
          variant="subtle"
          w="fit-content"
          mx="auto"
          loading={entries.isFetchingNextPage}
          onClick={() => void entries.fetchNextPage()}
        >
          {words.more}
        </Button>
      )}
      <EntryDrawer entry={opened} onClose={() => setOpened(null)} />
    </Stack>
  );
}

interface NarrowProps {
  params: URLSearchParams;
  onNarrow: (name: string, value: string | null) => void;
}

function Filters({ params, onNarrow }: NarrowProps) {
  const agents = useQuery(agentsQuery);
  const filter = filterOf(params);
  const areas = Object.entries(AUDIT_AREAS).map(([value, label]) => ({ value, label }));
  return (
    <Group gap="xs">
      <Select
        size="xs"
        w={150}
        aria-label={words.areas}
        placeholder={words.allAreas}
        data={areas}
        value={params.get('area')}
        onChange={(area) => onNarrow('area', area)}
        clearable
      />
      <Select
        size="xs"
        w={140}
        aria-label={words.outcomes}
        placeholder={words.allOutcomes}
        data={OUTCOMES.map((value) => ({ value, label: words.outcome[value] }))}
        value={filter.outcome ?? null}
        onChange={(outcome) => onNarrow('outcome', outcome)}
        clearable
      />
      <Select
        size="xs"
        w={150}
        aria-label={words.agents}
        placeholder={words.allAgents}
        data={(agents.data ?? []).map((agent) => ({ value: agent.id, label: agent.name }))}
        value={filter.agentId ?? null}
        onChange={(agent) => onNarrow('agent', agent)}
        searchable
        clearable
      />
      <Days since={params.get('since')} until={params.get('until')} onChange={onNarrow} />
      <ExportMenu url={(format) => auditExportUrl(filter, format)} />
    </Group>
  );
}

function Pills({ params, found, onNarrow }: NarrowProps & { found: AuditEntry[] }) {
  const [actor, request] = [params.get('actor'), params.get('request')];
  if (!actor && !request) return null;
  const name = found.find((entry) => entry.actor.id === actor)?.actor.name ?? actor;
  return (
    <Group gap={6}>
      {actor && (
        <Narrowed label={texts.narrow.onlyBy(name ?? actor)} onForget={() => onNarrow('actor', null)} />
      )}
      {request && (
        <Narrowed label={texts.narrow.onlyRequest(request)} onForget={() => onNarrow('request', null)} />
      )}
    </Group>
  );
}

interface EntriesProps {
  found: AuditEntry[];
  onOpen: (entry: AuditEntry) => void;
  onNarrow: NarrowProps['onNarrow'];
}

function Entries({ found, onOpen, onNarrow }: EntriesProps) {
  return (
    <Table.ScrollContainer minWidth={560}>
      <Table verticalSpacing={6} fz="sm" aria-label={words.title}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={110}>{words.columns.at}</Table.Th>
            <Table.Th>{words.columns.actor}</Table.Th>
            <Table.Th>{words.columns.action}</Table.Th>
            <Table.Th>{words.columns.target}</Table.Th>
            <Table.Th w={80}>{words.columns.outcome}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((entry) => (
            <Table.Tr key={entry.seq}>
              <Table.Td>
                <Text size="xs" c="dimmed">
                  <Ago moment={entry.at} />
                </Text>
              </Table.Td>
              <Table.Td>
                <UnstyledButton
                  className={classes.open}
                  fz="sm"
                  title={texts.narrow.onlyBy(entry.actor.name)}
                  onClick={() => onNarrow('actor', entry.actor.id)}
                >
                  {entry.actor.name}
                </UnstyledButton>
              </Table.Td>
              <Table.Td>
                <UnstyledButton
                  className={`mono ${classes.open}`}
                  c="var(--mantine-color-anchor)"
                  aria-label={words.open(entry.action)}
                  onClick={() => onOpen(entry)}
                >
                  {entry.action}
                </UnstyledButton>
              </Table.Td>
              <Table.Td>
                <TargetName entry={entry} />
              </Table.Td>
              <Table.Td>
                <Text size="xs" c={toneColor(TONES[entry.outcome])}>
                  {words.outcome[entry.outcome]}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function TargetName({ entry: { target } }: { entry: AuditEntry }) {
  const name = target.name ?? target.kind;
  const page = PAGES[target.kind];
  if (page) {
    return (
      <Anchor component={Link} to={`${page}/${target.id}`} size="sm">
        {name}
      </Anchor>
    );
  }
  return (
    <Text size="sm" title={target.id} lineClamp={1} style={{ overflowWrap: 'anywhere' }}>
      {target.kind === 'route' ? target.id : name}
    </Text>
  );
}
