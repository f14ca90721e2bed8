/** Owns a part of the settings that lists what was asked for: while it comes, when it does not, row by row. Must not know of what. */
import { Group, Skeleton, Stack, Text } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';

import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';

interface ListPartProps<T> {
  title: string;
  lead: string;
  asked: UseQueryResult<T>;
  rows: (answer: T) => ReactNode;
}

export function ListPart<T>({ title, lead, asked, rows }: ListPartProps<T>) {
  return (
    <SettingsPart title={title} lead={lead}>
      {asked.isPending && <Skeleton h={160} aria-label={texts.loading} />}
      {asked.isError && !asked.data && (
        <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />
      )}
      {asked.data && (
        <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
          {rows(asked.data)}
        </Stack>
      )}
    </SettingsPart>
  );
}

interface ListRowProps {
  name: string;
  about: ReactNode;
  /** What stands at the row's end. */
  end: ReactNode;
  children?: ReactNode;
}

export function ListRow({ name, about, end, children }: ListRowProps) {
  return (
    <Stack
      component="li"
      gap={8}
      py="sm"
      style={{ borderTop: '1px solid var(--raven-line)' }}
      aria-label={name}
    >
      <Group justify="space-between" gap="xs" mih={30}>
        <Group gap="sm" align="baseline">
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Text size="xs" c="dimmed" component="div">
            {about}
          </Text>
        </Group>
        <Group gap={6}>{end}</Group>
      </Group>
      {children}
    </Stack>
  );
}
