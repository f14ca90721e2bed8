/** Owns the requests about notifications and webhooks, and how they are cached. Must not know who shows the answers. */
import { queryOptions } from '@tanstack/react-query';

import { answered, http } from './client';
import type { components } from './schema';

type Schemas = components['schemas'];
export type Delivery = Schemas['WebhookDelivery'];
export type Inbox = Schemas['Inbox'];
export type NewWebhook = Schemas['NewWebhook'];
export type Notification = Schemas['Notification'];
export type OwnPreferences = Schemas['OwnPreferences'];
export type Preferences = Schemas['NotificationPreferences'];
export type Topic = Schemas['Topic'];
export type Webhook = Schemas['Webhook'];
export type WebhookChange = Schemas['WebhookChange'];

// What the bell lists; the agents' own pages have the rest.
const IN_BELL = 30;
// Webhooks of a workspace at most, and deliveries that the log shows.
const PER_PAGE = 50;
// No event tells of deliveries: an open log is read again this often.
const LOG_MS = 3_000;

export const notificationKeys = {
  inbox: ['notifications'] as const,
  preferences: ['notification-preferences'] as const,
  webhooks: ['webhooks'] as const,
  deliveries: (id: string) => ['webhooks', id, 'deliveries'] as const,
};

export const inboxQuery = queryOptions({
  queryKey: notificationKeys.inbox,
  queryFn: () => answered(http.GET('/api/notifications', { params: { query: { limit: IN_BELL } } })),
});
export const markRead = (id: string) =>
  answered(http.POST('/api/notifications/{id}/read', { params: { path: { id } } }));
export const markAllRead = () => answered(http.POST('/api/notifications/read-all'));

export const preferencesQuery = queryOptions({
  queryKey: notificationKeys.preferences,
  queryFn: () => answered(http.GET('/api/notifications/preferences')),
});
export const setPreferences = (body: Preferences) =>
  answered(http.PUT('/api/notifications/preferences', { body }));
export const testEmail = () => answered(http.POST('/api/notifications/test-email'));

export const webhooksQuery = queryOptions({
  queryKey: notificationKeys.webhooks,
  queryFn: () => answered(http.GET('/api/webhooks', { params: { query: { limit: PER_PAGE } } })),
});
export const createWebhook = (body: NewWebhook) => answered(http.POST('/api/webhooks', { body }));
export const changeWebhook = (id: string, body: WebhookChange) =>
  answered(http.PATCH('/api/webhooks/{id}', { params: { path: { id } }, body }));
export const deleteWebhook = (id: string) =>
  answered(http.DELETE('/api/webhooks/{id}', { params: { path: { id } } }));
export const rotateWebhook = (id: string) =>
  answered(http.POST('/api/webhooks/{id}/rotate', { params: { path: { id } } }));
export const testWebhook = (id: string) =>
  answered(http.POST('/api/webhooks/{id}/test', { params: { path: { id } } }));

export const deliveriesQuery = (id: string) =>
  queryOptions({
    queryKey: notificationKeys.deliveries(id),
    queryFn: () =>
      answered(
        http.GET('/api/webhooks/{id}/deliveries', {
          params: { path: { id }, query: { limit: PER_PAGE } },
        }),
      ),
    refetchInterval: LOG_MS,
  });
export const redeliver = (id: string, deliveryId: string) =>
  answered(
    http.POST('/api/webhooks/{id}/deliveries/{deliveryId}/redeliver', {
      params: { path: { id, deliveryId } },
    }),
  );
