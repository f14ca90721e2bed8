/** Owns the list of what one was told, and going where it happened. Must not know how it gets there. */
import { Button, Group, ScrollArea, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from 'react-router';

import {
  markAllRead,
  markRead,
  notificationKeys,
  type Inbox,
  type Notification,
} from '../../api/notifications';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import classes from './notifications.module.css';

const words = texts.notifications;

export default function InboxList({ inbox, onLeave }: { inbox: Inbox; onLeave: () => void }) {
  const cache = useQueryClient();
  const readingAll = useMutation({
    mutationFn: markAllRead,
    onSettled: () => cache.invalidateQueries({ queryKey: notificationKeys.inbox }),
  });
  return (
    <>
      <Group justify="space-between" px="sm" py={8} className={classes.head}>
        <Text size="sm" fw={600}>
          {words.title}
        </Text>
        <Group gap={4}>
          <Button
            size="compact-xs"
            variant="subtle"
            // Not disabled, which would take the focus away from who just pressed it.
            data-disabled={inbox.unread === 0 || undefined}
            aria-disabled={inbox.unread === 0}
            onClick={() => inbox.unread > 0 && readingAll.mutate()}
          >
            {words.readAll}
          </Button>
          <Button
            size="compact-xs"
            variant="subtle"
            component={Link}
            to="/settings/notifications"
            onClick={onLeave}
          >
            {words.settings}
          </Button>
        </Group>
      </Group>
      {inbox.items.length === 0 && (
        <Text size="sm" c="dimmed" p="md">
          {words.empty}
        </Text>
      )}
      <ScrollArea.Autosize mah="min(60vh, 440px)" type="auto">
        <Stack component="ul" gap={0} m={0} p={0} className={classes.list}>
          {inbox.items.map((item) => (
            <Row key={item.id} item={item} onLeave={onLeave} />
          ))}
        </Stack>
      </ScrollArea.Autosize>
    </>
  );
}

function Row({ item, onLeave }: { item: Notification; onLeave: () => void }) {
  const navigate = useNavigate();
  const cache = useQueryClient();
  const reading = useMutation({
    mutationFn: () => markRead(item.id),
    onSettled: () => cache.invalidateQueries({ queryKey: notificationKeys.inbox }),
  });
  const open = () => {
    if (!item.readAt) reading.mutate();
    onLeave();
    void navigate(item.path);
  };
  return (
    <li>
      <button type="button" className={classes.item} data-unread={!item.readAt || undefined} onClick={open}>
        <span className={classes.mark} data-topic={item.topic} aria-hidden />
        <span className={classes.said}>
          <span className={classes.who}>
            <strong>{item.agent?.name ?? words.nobody}</strong> {item.message}
            {!item.readAt && <VisuallyHidden> ({words.unread})</VisuallyHidden>}
          </span>
          {item.detail && <span className={classes.detail}>{item.detail}</span>}
        </span>
        <Text span size="xs" c="dimmed" className={classes.when}>
          <Ago moment={item.createdAt} />
        </Text>
      </button>
    </li>
  );
}
