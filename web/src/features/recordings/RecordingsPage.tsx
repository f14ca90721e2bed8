/** Owns the page of all recordings and its filter by agent, kept in the address. Must not know what a row shows. */
import { Group, Select, Stack, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useSearchParams } from 'react-router';

import { agentsQuery } from '../../api/queries';
import { texts } from '../../texts';
import RecordingList from './RecordingList';

const words = texts.recordings;

export function RecordingsPage() {
  const [params, setParams] = useSearchParams();
  const agents = useQuery(agentsQuery).data ?? [];
  const agentId = params.get('agent') ?? undefined;
  const choose = (id: string | null) => setParams(id ? { agent: id } : {}, { replace: true });
  const options = agents.map((agent) => ({ value: agent.id, label: agent.name }));
  // An agent that is filtered for stays a choice, though it may be too old for the list of agents.
  if (agentId && !options.some(({ value }) => value === agentId)) {
    options.push({ value: agentId, label: agentId });
  }
  return (
    <Stack gap="md" p={{ base: 'sm', sm: 'lg' }}>
      <title>{texts.title(texts.nav.recordings)}</title>
      <Group justify="space-between">
        <Title order={1}>{texts.nav.recordings}</Title>
        <Select
          aria-label={words.byAgent}
          placeholder={words.allAgents}
          size="xs"
          w={220}
          clearable
          searchable
          data={options}
          value={agentId ?? null}
          onChange={choose}
        />
      </Group>
      <RecordingList agentId={agentId} />
    </Stack>
  );
}
