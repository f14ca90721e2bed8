/** Owns what the home page says before there is an agent: the steps to the first. Must not spawn by itself. */
import { Anchor, Button, List, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'react-router';

import { settingsQuery } from '../../api/queries';
import { CopyLine } from '../../parts/CopyLine';
import { texts } from '../../texts';

const words = texts.firstSteps;

export function FirstSteps() {
  const [, setParams] = useSearchParams();
  const settings = useQuery(settingsQuery);
  const isConnected = settings.data?.runtimeStatus.connected ?? false;
  return (
    <Stack className="surface" p={{ base: 'md', sm: 'xl' }} maw={640} gap="md">
      <div>
        <Title order={2}>{words.title}</Title>
        <Text size="sm" c="dimmed" mt={4}>
          {words.lead}
        </Text>
      </div>
      <List
        type="ordered"
        spacing="md"
        size="sm"
        styles={{ itemWrapper: { width: '100%' }, itemLabel: { width: '100%' } }}
      >
        <List.Item>
          {isConnected ? words.runtimeRuns : words.startRuntime}
          {!isConnected && <CopyLine text={words.startCommand} label={words.startRuntime} />}
        </List.Item>
        <List.Item>
          {words.connect}{' '}
          <Anchor component={Link} to="/settings/agents" inherit>
            {words.connectLink}
          </Anchor>
          .
        </List.Item>
        <List.Item>
          {words.spawn}
          <CopyLine text={words.spawnCommand(window.location.origin)} label={words.spawn} />
        </List.Item>
      </List>
      <Button w="fit-content" onClick={() => setParams({ spawn: '1' })}>
        {texts.spawn.title}
      </Button>
    </Stack>
  );
}
