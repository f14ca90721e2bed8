/** Owns the activity page: the feed and its filters, which stand in the address. Must not change anything. */
import { Group, Select, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';

import { activityExportUrl, type ActivityFilter } from '../../api/client';
import { agentsQuery } from '../../api/queries';
import type { ActivityKind } from '../../api/shapes';
import { beginOf, endOf } from '../../parts/narrow';
import { Days, ExportMenu, Narrowed } from '../../parts/NarrowParts';
import { texts } from '../../texts';
import { ActivityFeed } from './ActivityFeed';

const KINDS = Object.keys(texts.activity.kinds) as ActivityKind[];

export function ActivityPage() {
  const agents = useQuery(agentsQuery);
  const [params, setParams] = useSearchParams();
  const filter: ActivityFilter = {
    agentId: params.get('agent') ?? undefined,
    actorId: params.get('actor') ?? undefined,
    kind: KINDS.find((kind) => kind === params.get('kind')),
    since: beginOf(params.get('since')),
    until: endOf(params.get('until')),
  };
  const narrow = (name: string, value: string | null) =>
    setParams(
      (known) => {
        if (value) known.set(name, value);
        else known.delete(name);
        return known;
      },
      { replace: true },
    );
  const actorLink = (actor: { id: string; name: string }) => {
    const narrowed = new URLSearchParams(params);
    narrowed.set('actor', actor.id);
    narrowed.set('by', actor.name);
    return `/activity?${narrowed}`;
  };
  return (
    <Stack gap="md" p={{ base: 'sm', sm: 'lg' }} maw={900}>
      <title>{texts.title(texts.nav.activity)}</title>
      <Group justify="space-between">
        <Title order={1}>{texts.nav.activity}</Title>
        <Group gap="xs">
          <Select
            aria-label={texts.activity.byAgent}
            placeholder={texts.activity.allAgents}
            data={(agents.data ?? []).map((agent) => ({ value: agent.id, label: agent.name }))}
            value={filter.agentId ?? null}
            onChange={(agent) => narrow('agent', agent)}
            searchable
            clearable
            size="xs"
          />
          <Select
            aria-label={texts.activity.byKind}
            placeholder={texts.activity.allKinds}
            data={KINDS.map((kind) => ({ value: kind, label: texts.activity.kinds[kind] }))}
            value={filter.kind ?? null}
            onChange={(kind) => narrow('kind', kind)}
            clearable
            size="xs"
          />
          <Days since={params.get('since')} until={params.get('until')} onChange={narrow} />
          <ExportMenu url={(format) => activityExportUrl(filter, format)} />
        </Group>
      </Group>
      {filter.actorId && (
        <Group>
          <Narrowed
            label={texts.narrow.onlyBy(params.get('by') ?? filter.actorId)}
            onForget={() => narrow('actor', null)}
          />
        </Group>
      )}
      <ActivityFeed filter={filter} actorLink={actorLink} />
    </Stack>
  );
}
