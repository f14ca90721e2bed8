/** Owns the requests about sign-in by other services, and how they are cached. Must not know who shows the answers. */
import { queryOptions } from '@tanstack/react-query';

import { answered, http } from './client';
import type { components } from './schema';

export type SignInSettings = components['schemas']['SignInSettings'];
export type SignInProviderChange = components['schemas']['SignInProviderChange'];
export type Connection = components['schemas']['Connection'];

// More services or identities than anybody has.
const ALL = 200;

export const openidKeys = {
  choices: ['sign-in-choices'] as const,
  settings: ['sign-in-settings'] as const,
  connections: ['connections'] as const,
};

export const choicesQuery = queryOptions({
  queryKey: openidKeys.choices,
  queryFn: () => answered(http.GET('/api/auth/providers', { params: { query: { limit: ALL } } })),
});
/** Where a browser begins to sign in by a service: a page of its own, not a request. */
export const startUrl = (id: string) => `/api/auth/oidc/${encodeURIComponent(id)}/start`;

export const signInSettingsQuery = queryOptions({
  queryKey: openidKeys.settings,
  queryFn: () => answered(http.GET('/api/workspace/sign-in')),
  retry: false,
});
export const setSignIn = (body: SignInProviderChange) =>
  answered(http.PUT('/api/workspace/sign-in', { body }));
export const removeSignIn = () => answered(http.DELETE('/api/workspace/sign-in'));

export const connectionsQuery = queryOptions({
  queryKey: openidKeys.connections,
  queryFn: () => answered(http.GET('/api/auth/connections', { params: { query: { limit: ALL } } })),
});
export const connect = (body: { providerId: string; password: string }) =>
  answered(http.POST('/api/auth/connections', { body }));
export const disconnect = (id: string, password: string) =>
  answered(http.POST('/api/auth/connections/{id}/remove', { params: { path: { id } }, body: { password } }));
