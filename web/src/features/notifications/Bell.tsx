/** Owns the bell: how much is unread, the list of it, and going where it happened. Must not know how it gets there. */
import {
  ActionIcon,
  Button,
  Group,
  Indicator,
  Popover,
  ScrollArea,
  Skeleton,
  Stack,
  Text,
  VisuallyHidden,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Bell as BellIcon } from 'lucide-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';

import {
  inboxQuery,
  markAllRead,
  markRead,
  notificationKeys,
  type Inbox,
  type Notification,
} from '../../api/notifications';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { useSystemNotices } from '../../parts/systemNotices';
import { texts } from '../../texts';
import classes from './notifications.module.css';

const words = texts.notifications;
// More is not counted by looking.
const MOST_SHOWN = 99;

export function Bell() {
  const [isOpen, setIsOpen] = useState(false);
  const inbox = useQuery(inboxQuery);
  useSystemNotices();
  const unread = inbox.data?.unread ?? 0;
  return (
    <Popover opened={isOpen} onChange={setIsOpen} position="bottom-end" width={380} trapFocus returnFocus>
      <Indicator
        label={unread > MOST_SHOWN ? `${MOST_SHOWN}+` : unread}
        disabled={unread === 0}
        size={16}
        offset={5}
        color="red"
      >
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="lg"
            aria-label={words.bell(unread)}
            onClick={() => setIsOpen((open) => !open)}
          >
            <BellIcon size={18} aria-hidden />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown p={0} aria-label={words.title}>
        <List inbox={inbox.data} onLeave={() => setIsOpen(false)} />
        {inbox.isPending && <Skeleton h={80} aria-label={texts.loading} />}
        {inbox.isError && !inbox.data && (
          <ProblemNote error={inbox.error} onRetry={() => void inbox.refetch()} />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function List({ inbox, onLeave }: { inbox: Inbox | undefined; onLeave: () => void }) {
  const cache = useQueryClient();
  const readingAll = useMutation({
    mutationFn: markAllRead,
    onSettled: () => cache.invalidateQueries({ queryKey: notificationKeys.inbox }),
  });
  if (!inbox) return null;
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
