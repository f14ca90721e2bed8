/** Owns the choice of an agent's kind: what is installed, what is missing, and what it needs. Must not spawn. */
import { Anchor, Group, Radio, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { typesQuery } from '../../api/queries';
import type { AgentTypeStatus } from '../../api/shapes';
import { InstallControl } from '../../parts/InstallControl';
import {
  CredentialBadge,
  InstalledBadge,
  kindName,
  testedWords,
  versionWords,
} from '../../parts/KindStanding';
import { isAdmin, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { ProviderKeyForm } from '../../parts/ProviderKeyForm';
import { texts } from '../../texts';

interface TypeChoiceProps {
  value: string;
  error?: string;
  onChange: (type: string) => void;
}

export function TypeChoice({ value, error, onChange }: TypeChoiceProps) {
  const types = useQuery(typesQuery);
  if (types.isPending) return <Skeleton h={72} aria-label={texts.loading} />;
  if (!types.data) {
    return (
      <Stack gap="xs">
        <ProblemNote error={types.error} onRetry={() => void types.refetch()} />
        <Anchor component={Link} to="/settings/agents" size="sm">
          {texts.spawn.toSettings}
        </Anchor>
      </Stack>
    );
  }
  return (
    <Radio.Group label={texts.spawn.type} value={value} onChange={onChange} error={error}>
      <Stack gap={6} mt={4}>
        {types.data.items.map((type) => (
          <TypeCard key={type.type} type={type} isChosen={type.type === value} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

/** A missing kind can be chosen too: that is how one gets to installing it. */
function TypeCard({ type, isChosen }: { type: AgentTypeStatus; isChosen: boolean }) {
  const facts = [texts.types[type.type]?.about, versionWords(type), testedWords(type)];
  return (
    <Stack
      gap={8}
      className="surface"
      p="xs"
      style={isChosen ? { borderColor: 'var(--mantine-color-raven-5)' } : undefined}
    >
      <Group justify="space-between" gap={6} align="flex-start">
        <Radio value={type.type} label={kindName(type)} description={facts.filter(Boolean).join(' · ')} />
        <Group gap={6}>
          {type.installed && type.credential !== 'not_needed' && type.credential && (
            <CredentialBadge kind={type} />
          )}
          <InstalledBadge kind={type} />
        </Group>
      </Group>
      {(isChosen || type.installing) && <InstallControl kind={type} />}
      {isChosen && type.credential === 'missing' && <MissingCredential type={type} />}
    </Stack>
  );
}

function MissingCredential({ type }: { type: AgentTypeStatus }) {
  const mayGiveKey = isAdmin(useMe()) && (type.providers?.length ?? 0) > 0;
  return (
    <Stack gap={6}>
      <Text size="xs" c="dimmed">
        {mayGiveKey ? texts.kinds.willAskOrKey : texts.kinds.willAsk}
      </Text>
      {mayGiveKey && <ProviderKeyForm providers={type.providers ?? []} />}
    </Stack>
  );
}
