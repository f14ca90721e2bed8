/** Owns the log of one webhook: what went to it, what came of it, and sending it again. Must not know how it is sent. */
import { Badge, Button, Group, Modal, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import {
  deliveriesQuery,
  notificationKeys,
  redeliver,
  type Delivery,
  type Webhook,
} from '../../api/notifications';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago, Ahead } from '../../parts/RelativeTime';
import { texts } from '../../texts';

const words = texts.notifications.webhooks;
const COLORS: Record<Delivery['state'], string> = {
  pending: 'yellow',
  delivered: 'green',
  failed: 'red',
  dropped: 'gray',
};

export function DeliveriesDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const asked = useQuery(deliveriesQuery(webhook.id));
  return (
    <Modal opened onClose={onClose} title={words.logOf(webhook.name)} size="lg">
      {asked.isPending && <Skeleton h={120} aria-label={texts.loading} />}
      {asked.isError && !asked.data && (
        <ProblemNote error={asked.error} onRetry={() => void asked.refetch()} />
      )}
      {asked.data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          {words.logEmpty}
        </Text>
      )}
      <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
        {asked.data?.items.map((delivery) => (
          <Row key={delivery.id} webhook={webhook} delivery={delivery} />
        ))}
      </Stack>
    </Modal>
  );
}

function nameOf(type: string): string {
  const topics: Record<string, string | undefined> = texts.notifications.topics;
  return topics[type] ?? (type === 'test' ? words.test : type);
}

function Row({ webhook, delivery }: { webhook: Webhook; delivery: Delivery }) {
  const cache = useQueryClient();
  const sending = useMutation({
    mutationFn: () => redeliver(webhook.id, delivery.id),
    onSettled: () => cache.invalidateQueries({ queryKey: notificationKeys.deliveries(webhook.id) }),
  });
  const isFirstUnderWay = delivery.state === 'pending' && delivery.attempts === 0;
  return (
    <Stack component="li" gap={4} py={8} style={{ borderTop: '1px solid var(--raven-line)' }}>
      <Group justify="space-between" gap="xs" wrap="nowrap">
        <Group gap={8}>
          <Badge variant="light" color={COLORS[delivery.state]} size="sm" tt="none">
            {words.states[delivery.state]}
          </Badge>
          <Text size="sm" fw={500}>
            {nameOf(delivery.type)}
          </Text>
          <Text size="xs" c="dimmed" component="div">
            <Ago moment={delivery.createdAt} /> · {words.attempts(delivery.attempts)}
            {delivery.code != null && ` · ${delivery.code}`}
            {delivery.nextAt && (
              <>
                {` · ${words.next} `}
                <Ahead moment={delivery.nextAt} />
              </>
            )}
          </Text>
        </Group>
        <Button
          size="compact-xs"
          variant="default"
          style={{ flex: 'none' }}
          disabled={isFirstUnderWay || !webhook.enabled}
          loading={sending.isPending}
          onClick={() => sending.mutate()}
        >
          {words.redeliver}
        </Button>
      </Group>
      {delivery.answer && delivery.state !== 'delivered' && (
        <Text size="xs" c="dimmed" lineClamp={3} style={{ overflowWrap: 'anywhere' }}>
          {delivery.answer}
        </Text>
      )}
      {sending.isError && <ProblemNote error={sending.error} />}
    </Stack>
  );
}
