/** Owns Runtime Status: what the runtime last told, and Test. Must not change settings. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { CircleAlert, CircleCheck, PlugZap } from 'lucide-react';
import type { ReactNode } from 'react';

import { testRuntime } from '../../api/client';
import type { AgentSettings } from '../../api/shapes';
import { ProblemNote } from '../../parts/ProblemNote';
import { Prose } from '../../parts/Prose';
import { Ago } from '../../parts/RelativeTime';
import { mayRunAgents, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';
import classes from './settings.module.css';

const words = texts.settings.status;
type TestAnswer = Awaited<ReturnType<typeof testRuntime>>;

export function RuntimeStatusPart({ settings }: { settings: AgentSettings }) {
  const { runtimeStatus: status } = settings;
  const test = useMutation({ mutationFn: () => testRuntime() });
  const mayTest = mayRunAgents(useMe());
  return (
    <SettingsPart title={words.title} lead={words.lead}>
      <dl className={classes.facts}>
        <Fact label={words.connection}>
          <Group gap={6} c={status.connected ? 'var(--raven-good)' : 'var(--raven-failure)'} wrap="nowrap">
            {status.connected ? <CircleCheck size={15} aria-hidden /> : <PlugZap size={15} aria-hidden />}
            {status.connected ? words.connected : words.notConnected}
          </Group>
        </Fact>
        <Fact label={words.lastHeartbeat}>
          {status.lastHeartbeat ? <Ago moment={status.lastHeartbeat} /> : words.never}
        </Fact>
        <Fact label={words.activeAgents}>{status.activeAgents ?? texts.unknown}</Fact>
        <Fact label={words.version}>{status.version ?? texts.unknown}</Fact>
      </dl>
      <Stack gap="sm">
        {!status.connected && status.error && (
          <Text size="sm" c="dimmed">
            <Prose text={status.error} />
          </Text>
        )}
        {mayTest && (
          <Button variant="default" loading={test.isPending} onClick={() => test.mutate()} w="fit-content">
            {words.test}
          </Button>
        )}
        <div role="status">
          {test.isError && <ProblemNote error={test.error} />}
          {test.data && <TestResult answer={test.data} />}
        </div>
      </Stack>
    </SettingsPart>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function TestResult({ answer }: { answer: TestAnswer }) {
  if (answer.connected) {
    const facts = [
      typeof answer.latency === 'number' && words.latency(answer.latency),
      answer.version && words.versionIs(answer.version),
      typeof answer.activeAgents === 'number' && words.agentsAre(answer.activeAgents),
    ];
    return (
      <Alert color="green" variant="light" icon={<CircleCheck size={18} />} title={words.connected}>
        {facts.filter(Boolean).join(' · ')}
      </Alert>
    );
  }
  return (
    <Alert
      color="red"
      variant="light"
      icon={<CircleAlert size={18} />}
      title={answer.error?.title ?? words.failed}
    >
      <Prose text={answer.error?.detail ?? ''} />
    </Alert>
  );
}
