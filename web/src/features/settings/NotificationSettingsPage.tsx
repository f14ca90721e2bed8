/** Owns Settings → Notifications: one's own matrix of topics and channels, and tests of them. Must not know the inbox. */
import { Alert, Button, Checkbox, Group, Radio, Skeleton, Stack, Table, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Mail } from 'lucide-react';
import { useState } from 'react';

import {
  notificationKeys,
  preferencesQuery,
  setPreferences,
  testEmail,
  type OwnPreferences,
  type Preferences,
} from '../../api/notifications';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { standing, type Standing } from '../../parts/systemNotices';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';

const words = texts.notifications;
const pref = words.preferences;
type TopicPreference = Preferences['topics'][number];

export function NotificationSettingsPage() {
  const asked = useQuery(preferencesQuery);
  return (
    <SettingsPart title={words.title} lead={pref.lead}>
      {asked.isPending && <Skeleton h={300} aria-label={texts.loading} />}
      {asked.isError && !asked.data && (
        <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />
      )}
      {asked.data && <Form kept={asked.data} />}
    </SettingsPart>
  );
}

function Form({ kept }: { kept: OwnPreferences }) {
  const cache = useQueryClient();
  const saving = useMutation({
    mutationFn: setPreferences,
    // One after another, so that the last choice is the one that is kept.
    scope: { id: 'preferences' },
    onMutate: (wanted) =>
      cache.setQueryData<OwnPreferences>(
        notificationKeys.preferences,
        (known) => known && { ...known, ...wanted },
      ),
    onError: () => cache.invalidateQueries({ queryKey: notificationKeys.preferences }),
  });
  const { topics, agents, email } = kept;
  const set = (changed: TopicPreference) =>
    saving.mutate({ agents, topics: topics.map((one) => (one.topic === changed.topic ? changed : one)) });
  return (
    <Stack gap="lg">
      <Matrix topics={topics} hasMail={email.available} onChange={set} />
      <Radio.Group
        label={pref.agents}
        value={agents}
        onChange={(value) => saving.mutate({ topics, agents: value as Preferences['agents'] })}
      >
        <Group mt={8} gap="lg">
          <Radio value="all" label={pref.all} />
          <Radio value="mine" label={pref.mine} />
        </Group>
      </Radio.Group>
      {saving.isError && <ProblemNote error={saving.error} />}
      <EmailPart email={email} />
      <BrowserPart />
    </Stack>
  );
}

interface MatrixProps {
  topics: TopicPreference[];
  hasMail: boolean;
  onChange: (changed: TopicPreference) => void;
}

function Matrix({ topics, hasMail, onChange }: MatrixProps) {
  return (
    <Table fz="sm" verticalSpacing={8}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{pref.topic}</Table.Th>
          <Table.Th w={90}>{pref.inApp}</Table.Th>
          <Table.Th w={90}>{pref.email}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {topics.map((one) => (
          <Table.Tr key={one.topic}>
            <Table.Td>
              <Text size="sm" fw={500}>
                {words.topics[one.topic]}
              </Text>
              <Text size="xs" c="dimmed">
                {words.topicsAbout[one.topic]}
              </Text>
            </Table.Td>
            <Table.Td>
              <Checkbox
                aria-label={pref.by(words.topics[one.topic], pref.inApp)}
                checked={one.inApp}
                onChange={(event) => onChange({ ...one, inApp: event.currentTarget.checked })}
              />
            </Table.Td>
            <Table.Td>
              <Checkbox
                aria-label={pref.by(words.topics[one.topic], pref.email)}
                checked={one.email}
                disabled={!hasMail}
                onChange={(event) => onChange({ ...one, email: event.currentTarget.checked })}
              />
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function EmailPart({ email }: { email: OwnPreferences['email'] }) {
  const testing = useMutation({ mutationFn: testEmail });
  if (!email.available) {
    return (
      <Text size="sm" c="dimmed">
        {pref.noMail}
      </Text>
    );
  }
  return (
    <Stack gap={8} align="flex-start">
      <Text size="sm" c="dimmed">
        {pref.address(email.address)}
      </Text>
      {email.lastFailure && (
        <Text size="sm" c="red">
          {pref.lastFailure} {email.lastFailure.why} (<Ago moment={email.lastFailure.at} />)
        </Text>
      )}
      <Button
        variant="default"
        leftSection={<Mail size={15} />}
        loading={testing.isPending}
        onClick={() => testing.mutate()}
      >
        {pref.test}
      </Button>
      {testing.isError && <ProblemNote error={testing.error} />}
      {testing.data && (
        <Alert
          role="status"
          color={testing.data.delivered ? 'green' : 'red'}
          variant="light"
          title={testing.data.delivered ? pref.sent(testing.data.address) : pref.notSent}
        >
          {testing.data.answer}
        </Alert>
      )}
    </Stack>
  );
}

/** The permission is asked for by a click alone, as browsers and people want it. */
function BrowserPart() {
  const [known, setKnown] = useState<Standing>(standing);
  if (known === 'missing') return null;
  return (
    <Group justify="space-between" gap="xs">
      <div>
        <Text size="sm" fw={500}>
          {pref.browser}
        </Text>
        <Text size="xs" c="dimmed">
          {pref.browserAbout}
        </Text>
      </div>
      {known === 'default' ? (
        <Button variant="default" onClick={() => void Notification.requestPermission().then(setKnown)}>
          {pref.browserAsk}
        </Button>
      ) : (
        <Text size="sm" c="dimmed">
          {known === 'granted' ? pref.browserOn : pref.browserDenied}
        </Text>
      )}
    </Group>
  );
}
