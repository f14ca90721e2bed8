/** Owns how a kind of agent stands on the runtime: installed or not, tested, with a key or login. Must not spawn. */
import { Badge, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { typesQuery } from '../api/queries';
import type { AgentTypeStatus } from '../api/shapes';
import { texts } from '../texts';

const words = texts.kinds;

const CREDENTIAL_COLORS = { key: 'green', login: 'green', missing: 'orange', not_needed: 'gray' } as const;

/** The name for people: ours, or what the runtime calls it. */
export function kindName(kind: AgentTypeStatus): string {
  return texts.types[kind.type]?.name ?? (kind.title || kind.type);
}

/** The same where only the type is known; another's than ours is asked for. */
export function KindName({ type }: { type: string }) {
  const ours = texts.types[type]?.name;
  const types = useQuery({ ...typesQuery, enabled: ours === undefined });
  return ours ?? (types.data?.items.find((kind) => kind.type === type)?.title || type);
}

export function InstalledBadge({ kind }: { kind: AgentTypeStatus }) {
  return (
    <Badge
      variant="light"
      color={kind.installing ? 'blue' : kind.installed ? 'green' : 'orange'}
      style={{ flex: 'none' }}
    >
      {kind.installing ? words.isInstalling : kind.installed ? words.installed : words.missing}
    </Badge>
  );
}

export function CredentialBadge({ kind }: { kind: AgentTypeStatus }) {
  const credential = kind.credential ?? 'not_needed';
  const keys = kind.keys ?? [];
  return (
    <Badge variant="light" color={CREDENTIAL_COLORS[credential]} style={{ flex: 'none' }}>
      {credential === 'key' && keys.length > 0
        ? words.keyOf(keys.map((provider) => texts.providers[provider]).join(', '))
        : words.credentials[credential]}
    </Badge>
  );
}

/** What is known of the version of a kind that is there, as far as there is one to know. */
export function versionWords(kind: AgentTypeStatus): string | undefined {
  if (!kind.installed) return undefined;
  if (kind.version) return kind.version;
  if (kind.versionPending) return words.versionPending;
  return kind.installable ? words.versionUnknown : undefined;
}

/** Whether what is known of a kind was tested with the version that is there; nothing without a version. */
export function testedWords(kind: AgentTypeStatus): string | undefined {
  if (!kind.installed || !kind.version) return undefined;
  return kind.tested ? words.tested : words.untested;
}

export function KindVersion({ kind }: { kind: AgentTypeStatus }) {
  const version = versionWords(kind);
  const tested = testedWords(kind);
  return (
    <Group gap={6} component="span">
      {version && (
        <Text span inherit>
          {version}
        </Text>
      )}
      {tested && (
        <Text span inherit c={kind.tested ? 'dimmed' : 'var(--raven-attention)'}>
          {tested}
        </Text>
      )}
    </Group>
  );
}
