/** Owns the browser's own notifications, shown while the page is hidden. Must not ask for the permission by itself. */
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';

import { notificationKeys, type Inbox } from '../api/notifications';
import { texts } from '../texts';

export type Standing = 'missing' | NotificationPermission;

export function standing(): Standing {
  return 'Notification' in window ? Notification.permission : 'missing';
}

/** Shows what comes while nobody looks; one that is shown in another tab too takes the other's place. */
export function useSystemNotices(): void {
  const cache = useQueryClient();
  useEffect(() => {
    let newest = cache.getQueryData<Inbox>(notificationKeys.inbox)?.items[0]?.id;
    return cache.getQueryCache().subscribe((event) => {
      if (event.query.queryKey[0] !== notificationKeys.inbox[0] || event.type !== 'updated') return;
      const first = (event.query.state.data as Inbox | undefined)?.items[0];
      if (!first || first.id === newest) return;
      const isFresh = newest !== undefined && first.id > newest && !first.readAt;
      newest = first.id;
      if (!isFresh || !document.hidden || standing() !== 'granted') return;
      const who = first.agent?.name ?? texts.notifications.nobody;
      const notice = new Notification(`${who}: ${first.message}`, {
        body: first.detail ?? undefined,
        tag: first.id,
      });
      notice.onclick = () => window.focus();
    });
  }, [cache]);
}
