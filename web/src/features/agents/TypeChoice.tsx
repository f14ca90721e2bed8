/** Owns the choice of an agent's type: which are installed, and how to install what is missing. Must not spawn. */
import { Anchor, Badge, Group, Radio, Skeleton, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { typesQuery } from '../../api/queries';
import type { AgentTypeStatus } from '../../api/shapes';
import { CopyLine } from '../../parts/CopyLine';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

interface TypeChoiceProps {
  value: string;
  error?: string;
  onChange: (type: string) => void;
}

export function TypeChoice({ value, error, onChange }: TypeChoiceProps) {
  const types = useQuery(typesQuery);
  if (types.isPending) return <Skeleton h={72} aria-label={texts.loading} />;
  if (types.isError) {
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

function TypeCard({ type, isChosen }: { type: AgentTypeStatus; isChosen: boolean }) {
  const about = texts.types[type.type] ?? { name: type.type, about: '' };
  return (
    <Stack
      gap={6}
      className="surface"
      p="xs"
      style={isChosen ? { borderColor: 'var(--mantine-color-raven-5)' } : undefined}
    >
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Radio
          value={type.type}
          disabled={!type.installed}
          label={about.name}
          description={[about.about, type.version].filter(Boolean).join(' · ')}
        />
        <Badge variant="light" color={type.installed ? 'green' : 'orange'} style={{ flex: 'none' }}>
          {type.installed ? texts.spawn.installed : texts.spawn.missing}
        </Badge>
      </Group>
      {!type.installed && type.install && (
        <>
          <Text size="xs" c="dimmed">
            {texts.spawn.installWith}
          </Text>
          <CopyLine text={type.install} label={texts.spawn.installWith} />
        </>
      )}
    </Stack>
  );
}
