/** Owns how a kind of agent stands on the runtime: installed or not, tested, with a key or login. Must not spawn. */
import { Badge, Group, Text } from '@mantine/core';

import type { AgentTypeStatus } from '../api/shapes';
import { texts } from '../texts';

const words = texts.kinds;

const CREDENTIAL_COLORS = { key: 'green', login: 'green', missing: 'orange', not_needed: 'gray' } as const;

/** The name for people: ours, or what the runtime calls it. */
export function kindName(kind: AgentTypeStatus): string {
  return texts.types[kind.type]?.name ?? (kind.title || kind.type);
}

export function InstalledBadge({ kind }: { kind: AgentTypeStatus }) {
  return (
    <Badge variant="light" color={kind.installed ? 'green' : 'orange'} style={{ flex: 'none' }}>
      {kind.installed ? words.installed : words.missing}
    </Badge>
  );
}

export function CredentialBadge({ kind }: { kind: AgentTypeStatus }) {
  const credential = kind.credential ?? 'not_needed';
  return (
    <Badge variant="light" color={CREDENTIAL_COLORS[credential]} style={{ flex: 'none' }}>
      {words.credentials[credential]}
    </Badge>
  );
}

export function KindVersion({ kind }: { kind: AgentTypeStatus }) {
  if (!kind.installed || !kind.version) return null;
  return (
    <Group gap={6} component="span">
      <Text span inherit>
        {kind.version}
      </Text>
      <Text span inherit c={kind.tested ? 'dimmed' : 'var(--raven-attention)'}>
        {kind.tested ? words.tested : words.untested}
      </Text>
    </Group>
  );
}
