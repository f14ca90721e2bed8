/** Owns Settings → Webhooks: the list, and what is done to each. Must not keep a secret. */
import { Alert, Badge, Button, Group, Skeleton, Stack, Switch, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Lock, Plus } from 'lucide-react';
import { useState } from 'react';

import {
  changeWebhook,
  deleteWebhook,
  notificationKeys,
  rotateWebhook,
  testWebhook,
  webhooksQuery,
  type Webhook,
} from '../../api/notifications';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { EmptyState } from '../../parts/EmptyState';
import { isAdmin, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { DeliveriesDialog } from './DeliveriesDialog';
import { NewWebhookDialog, SecretDialog, type Shown } from './NewWebhookDialog';
import { SettingsPart } from './SettingsLayout';

const words = texts.notifications.webhooks;

export function WebhooksPage() {
  if (!isAdmin(useMe())) return <EmptyState icon={Lock} title={words.title} text={words.adminsOnly} />;
  return <Webhooks />;
}

function Webhooks() {
  const asked = useQuery(webhooksQuery);
  const [isMaking, setIsMaking] = useState(false);
  const [shown, setShown] = useState<Shown | null>(null);
  return (
    <SettingsPart title={words.title} lead={words.lead}>
      <Stack>
        <Button w="fit-content" leftSection={<Plus size={16} />} onClick={() => setIsMaking(true)}>
          {words.create}
        </Button>
        {asked.isPending && <Skeleton h={120} aria-label={texts.loading} />}
        {asked.isError && !asked.data && (
          <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />
        )}
        {asked.data?.items.length === 0 && (
          <Text size="sm" c="dimmed">
            {words.empty}
          </Text>
        )}
        <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
          {asked.data?.items.map((webhook) => (
            <Row key={webhook.id} webhook={webhook} onSecret={setShown} />
          ))}
        </Stack>
      </Stack>
      {isMaking && <NewWebhookDialog onClose={() => setIsMaking(false)} onMade={setShown} />}
      {shown && <SecretDialog shown={shown} onClose={() => setShown(null)} />}
    </SettingsPart>
  );
}

function Row({ webhook, onSecret }: { webhook: Webhook; onSecret: (shown: Shown) => void }) {
  const cache = useQueryClient();
  const reread = () => cache.invalidateQueries({ queryKey: notificationKeys.webhooks });
  const [isLogOpen, setIsLogOpen] = useState(false);
  const testing = useMutation({ mutationFn: () => testWebhook(webhook.id), onSettled: reread });
  const turning = useMutation({
    mutationFn: (enabled: boolean) => changeWebhook(webhook.id, { enabled }),
    onSettled: reread,
  });
  const { id, name } = webhook;
  return (
    <Stack
      component="li"
      gap={8}
      py="sm"
      aria-label={name}
      style={{ borderTop: '1px solid var(--raven-line)' }}
    >
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <div style={{ minWidth: 0 }}>
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
            {webhook.url}
          </Text>
        </div>
        <Switch
          aria-label={words.turnOn(name)}
          checked={webhook.enabled}
          disabled={turning.isPending}
          onChange={(event) => turning.mutate(event.currentTarget.checked)}
        />
      </Group>
      <Standing webhook={webhook} />
      <Group gap={6}>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={words.testOf(name)}
          loading={testing.isPending}
          onClick={() => testing.mutate()}
        >
          {words.test}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          aria-label={words.logOf(name)}
          onClick={() => setIsLogOpen(true)}
        >
          {words.log}
        </Button>
        <Rotate webhook={webhook} onSecret={onSecret} />
        <Remove id={id} name={name} onDone={reread} />
      </Group>
      {(testing.isError || turning.isError) && <ProblemNote error={testing.error ?? turning.error} />}
      {testing.data && <TestOutcome outcome={testing.data} />}
      {isLogOpen && <DeliveriesDialog webhook={webhook} onClose={() => setIsLogOpen(false)} />}
    </Stack>
  );
}

function Standing({ webhook }: { webhook: Webhook }) {
  return (
    <Group gap={6}>
      {webhook.topics.map((topic) => (
        <Badge key={topic} variant="light" color="gray" size="sm" tt="none">
          {texts.notifications.topics[topic]}
        </Badge>
      ))}
      {webhook.disabledBecause && (
        <Text size="xs" c="red">
          {words.off}: {webhook.disabledBecause}
        </Text>
      )}
      {webhook.enabled && webhook.failingSince && (
        <Text size="xs" c="red" component="div">
          {words.failing} <Ago moment={webhook.failingSince} />
        </Text>
      )}
    </Group>
  );
}

function TestOutcome({ outcome }: { outcome: Awaited<ReturnType<typeof testWebhook>> }) {
  const { delivered, delivery } = outcome;
  const code = delivery.code == null ? '' : String(delivery.code);
  return (
    <Alert
      role="status"
      variant="light"
      color={delivered ? 'green' : 'red'}
      title={delivered ? words.accepted(code) : [words.refused, code].filter(Boolean).join(': ')}
    >
      {!delivered && (
        <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
          {delivery.answer}
        </Text>
      )}
    </Alert>
  );
}

function Rotate({ webhook, onSecret }: { webhook: Webhook; onSecret: (shown: Shown) => void }) {
  const [isAsking, setIsAsking] = useState(false);
  const rotating = useMutation({
    mutationFn: () => rotateWebhook(webhook.id),
    onSuccess: ({ name, secret }) => {
      setIsAsking(false);
      onSecret({ name, secret });
    },
  });
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={() => setIsAsking(true)}>
        {words.rotate}
      </Button>
      <ConfirmDialog
        title={words.rotateTitle(webhook.name)}
        text={words.rotateText}
        action={words.rotate}
        doing={rotating}
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
      />
    </>
  );
}

function Remove({ id, name, onDone }: { id: string; name: string; onDone: () => void }) {
  const [isAsking, setIsAsking] = useState(false);
  const removing = useMutation({ mutationFn: () => deleteWebhook(id), onSuccess: onDone });
  return (
    <>
      <Button size="compact-sm" variant="subtle" color="red" onClick={() => setIsAsking(true)}>
        {words.remove}
      </Button>
      <ConfirmDialog
        title={words.removeTitle(name)}
        text={words.removeText}
        action={words.remove}
        doing={removing}
        isOpen={isAsking}
        onClose={() => setIsAsking(false)}
      />
    </>
  );
}
