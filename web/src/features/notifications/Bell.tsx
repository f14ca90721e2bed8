/** Owns the bell: how much is unread, and opening the list of it. Must not know what is in it. */
import { ActionIcon, Indicator, Popover, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Bell as BellIcon } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';

import { inboxQuery } from '../../api/notifications';
import { ProblemNote } from '../../parts/ProblemNote';
import { useSystemNotices } from '../../parts/systemNotices';
import { texts } from '../../texts';

// Loaded when it is first opened.
const InboxList = lazy(() => import('./InboxList'));

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
        {inbox.isPending && <Waiting />}
        {inbox.data && (
          <Suspense fallback={<Waiting />}>
            <InboxList inbox={inbox.data} onLeave={() => setIsOpen(false)} />
          </Suspense>
        )}
        {inbox.isError && !inbox.data && (
          <ProblemNote error={inbox.error} onRetry={() => void inbox.refetch()} />
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function Waiting() {
  return <Skeleton h={80} aria-label={texts.loading} />;
}
