/** Owns installing a kind of agent: the command to copy, the button, progress, and how it failed. Must not spawn. */
import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Download } from 'lucide-react';

import { installType } from '../api/client';
import { keys } from '../api/queries';
import type { AgentTypeStatus } from '../api/shapes';
import { texts } from '../texts';
import { CopyLine } from './CopyLine';
import { kindName } from './KindStanding';
import { isAdmin, useMe } from './me';
import { ProblemNote } from './ProblemNote';

const words = texts.kinds;

export function InstallControl({ kind }: { kind: AgentTypeStatus }) {
  const cache = useQueryClient();
  const mayInstall = isAdmin(useMe()) && Boolean(kind.installable);
  const starting = useMutation({
    mutationFn: () => installType(kind.type),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.types }),
  });
  if (kind.installing) return <Installing installing={kind.installing} />;
  if (kind.installed) return null;
  return (
    <Stack gap={6}>
      {kind.installError && (
        <Alert color="red" variant="light" p="xs" title={words.failed} role="alert">
          <pre
            className="screen screen-scroll"
            style={{ maxHeight: '11rem', whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
            tabIndex={0}
            // What it died of is what it said last.
            ref={(shown) => shown?.scrollTo({ top: shown.scrollHeight })}
          >
            {kind.installError}
          </pre>
          <Text size="xs" mt={6}>
            {words.failedNext}
          </Text>
        </Alert>
      )}
      {starting.isError && <ProblemNote error={starting.error} />}
      {mayInstall && (
        <Group gap="xs">
          <Button
            size="compact-sm"
            leftSection={<Download size={14} aria-hidden />}
            loading={starting.isPending}
            aria-label={words.installOf(kindName(kind))}
            onClick={() => starting.mutate()}
          >
            {kind.installError ? words.retry : words.install}
          </Button>
          <Text size="xs" c="dimmed">
            {kind.installable && words.installs(kind.installable)}
          </Text>
        </Group>
      )}
      {kind.install && (
        <>
          <Text size="xs" c="dimmed">
            {mayInstall ? words.orRun : words.run}
          </Text>
          <CopyLine text={kind.install} label={words.run} />
        </>
      )}
    </Stack>
  );
}

function Installing({ installing }: { installing: NonNullable<AgentTypeStatus['installing']> }) {
  return (
    <Stack gap={4} role="status">
      <Text size="xs" c="dimmed">
        {words.installing(installing.version)}
      </Text>
      <Progress value={100} animated size="sm" aria-label={words.installing(installing.version)} />
      <Text size="xs" className="mono" truncate>
        {installing.line || ' '}
      </Text>
    </Stack>
  );
}
