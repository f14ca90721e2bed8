/** Owns the requests about people and their accounts, and how they are cached. Must not know who shows the answers. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';

import { answered, http } from './client';
import type { Join, NewInvitation, Role } from './shapes';

// Members and browsers per page; few have more.
const PER_PAGE = 100;

export const peopleKeys = {
  /** Everything that a change of members or invitations may change. */
  all: ['people'] as const,
  members: ['people', 'members'] as const,
  invitations: ['people', 'invitations'] as const,
  signIns: ['sign-ins'] as const,
  invitation: (token: string) => ['invitation', token] as const,
};

export const membersQuery = infiniteQueryOptions({
  queryKey: peopleKeys.members,
  queryFn: ({ pageParam }) =>
    answered(http.GET('/api/members', { params: { query: { cursor: pageParam, limit: PER_PAGE } } })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
});
export const setRole = (userId: string, role: Role) =>
  answered(http.PATCH('/api/members/{userId}', { params: { path: { userId } }, body: { role } }));
export const removeMember = (userId: string) =>
  answered(http.DELETE('/api/members/{userId}', { params: { path: { userId } } }));

export const invitationsQuery = queryOptions({
  queryKey: peopleKeys.invitations,
  queryFn: () => answered(http.GET('/api/invitations', { params: { query: { limit: PER_PAGE } } })),
});
export const invite = (body: NewInvitation) => answered(http.POST('/api/invitations', { body }));
export const revokeInvitation = (id: string) =>
  answered(http.DELETE('/api/invitations/{id}', { params: { path: { id } } }));

export const invitationQuery = (token: string) =>
  queryOptions({
    queryKey: peopleKeys.invitation(token),
    queryFn: () => answered(http.POST('/api/auth/join/look', { body: { token } })),
    retry: false,
    staleTime: Infinity,
  });
export const join = (body: Join) => answered(http.POST('/api/auth/join', { body }));

export const createWorkspace = (name: string) => answered(http.POST('/api/workspaces', { body: { name } }));
export const switchWorkspace = (workspaceId: string) =>
  answered(http.POST('/api/auth/workspace', { body: { workspaceId } }));

export const signInsQuery = queryOptions({
  queryKey: peopleKeys.signIns,
  queryFn: () => answered(http.GET('/api/auth/sessions', { params: { query: { limit: PER_PAGE } } })),
});
export const endSignIn = (id: string) =>
  answered(http.DELETE('/api/auth/sessions/{id}', { params: { path: { id } } }));
export const endOtherSignIns = () => answered(http.POST('/api/auth/sessions/end-others'));
export const changePassword = (body: { current: string; new: string }) =>
  answered(http.POST('/api/auth/password', { body }));

/** A password with a code of the second factor. */
export interface BothProofs {
  password: string;
  code: string;
}

export const beginSecondFactor = (password: string) =>
  answered(http.POST('/api/auth/second-factor', { body: { password } }));
export const confirmSecondFactor = (code: string) =>
  answered(http.POST('/api/auth/second-factor/confirm', { body: { code } }));
export const disableSecondFactor = (body: BothProofs) =>
  answered(http.POST('/api/auth/second-factor/disable', { body }));
export const renewRecoveryCodes = (body: BothProofs) =>
  answered(http.POST('/api/auth/second-factor/recovery-codes', { body }));
