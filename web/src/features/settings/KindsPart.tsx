/** Owns Agent kinds: what can be spawned, and what it still needs. Must not spawn. */
import { Group, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { typesQuery } from '../../api/queries';
import type { AgentTypeStatus } from '../../api/shapes';
import { InstallControl } from '../../parts/InstallControl';
import { CredentialBadge, InstalledBadge, kindName, KindVersion } from '../../parts/KindStanding';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';

const words = texts.kinds;

export function KindsPart() {
  const types = useQuery(typesQuery);
  return (
    <SettingsPart title={words.title} lead={words.lead}>
      {types.isPending && <Skeleton h={160} aria-label={texts.loading} />}
      {types.isError && !types.data && (
        <ProblemNote error={types.error} onRetry={() => void types.refetch()} />
      )}
      {types.data && <KindList kinds={types.data.items} />}
    </SettingsPart>
  );
}

function KindList({ kinds }: { kinds: AgentTypeStatus[] }) {
  return (
    <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
      {kinds.map((kind) => (
        <KindRow key={kind.type} kind={kind} />
      ))}
    </Stack>
  );
}

function KindRow({ kind }: { kind: AgentTypeStatus }) {
  return (
    <Stack
      component="li"
      gap={8}
      py="sm"
      style={{ borderTop: '1px solid var(--raven-line)' }}
      aria-label={kindName(kind)}
    >
      <Group justify="space-between" gap="xs">
        <Group gap="sm" align="baseline">
          <Text size="sm" fw={600}>
            {kindName(kind)}
          </Text>
          <Text size="xs" c="dimmed" component="div">
            <KindVersion kind={kind} />
          </Text>
        </Group>
        <Group gap={6}>
          <CredentialBadge kind={kind} />
          <InstalledBadge kind={kind} />
        </Group>
      </Group>
      {kind.path && (
        <Text size="xs" c="dimmed" className="mono" style={{ overflowWrap: 'anywhere' }}>
          {kind.path}
        </Text>
      )}
      <InstallControl kind={kind} />
    </Stack>
  );
}
