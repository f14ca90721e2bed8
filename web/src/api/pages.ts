/** Owns the requests about spaces, pages, comments and search, and how they are cached. Must not know who shows the answers. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { call } from './calling';
import type {
  Attachment,
  Comment,
  Found,
  FoundKind,
  Mentionable,
  NewPage,
  Page,
  PageChange,
  Paged,
  PageMove,
  PageSummary,
  PageVersion,
  PageVersionDetail,
  Space,
  Subject,
  Suggestion,
  TrashedPage,
} from './knowledge';

// Pages under one page that are read at once; the tree asks for more by a button.
const CHILDREN = 100;
const VERSIONS = 50;
const RESULTS = 50;
// A workspace has few spaces, a page few comments and attachments: all of them at once.
const ALL = 200;

const ROOT = 'root';

export const pageKeys = {
  spaces: ['spaces'] as const,
  all: ['pages'] as const,
  children: (spaceId: string, parentId: string | null) => ['pages', 'under', spaceId, parentId] as const,
  one: (id: string) => ['pages', 'one', id] as const,
  recent: (spaceId: string) => ['pages', 'recent', spaceId] as const,
  trash: ['pages', 'trash'] as const,
  history: (id: string) => ['pages', 'history', id] as const,
  version: (id: string, version: string) => ['page-versions', id, version] as const,
  attachments: (id: string) => ['pages', 'attachments', id] as const,
  comments: ['comments'] as const,
  commentsOf: (subject: Subject) => ['comments', subject] as const,
  search: ['search'] as const,
};

export const spacesQuery = queryOptions({
  queryKey: pageKeys.spaces,
  queryFn: () => call<Paged<Space>>('GET', '/api/spaces', { query: { limit: ALL } }),
});
export const createSpace = (name: string) => call<Space>('POST', '/api/spaces', { body: { name } });
export const renameSpace = (id: string, name: string) =>
  call<Space>('PATCH', `/api/spaces/${id}`, { body: { name } });
export const deleteSpace = (id: string) => call<void>('DELETE', `/api/spaces/${id}`);

export const childrenQuery = (spaceId: string, parentId: string | null) =>
  infiniteQueryOptions({
    queryKey: pageKeys.children(spaceId, parentId),
    queryFn: ({ pageParam }) =>
      call<Paged<PageSummary>>('GET', '/api/pages', {
        query: { spaceId, parentId: parentId ?? ROOT, cursor: pageParam, limit: CHILDREN },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
export const pageQuery = (id: string) =>
  queryOptions({ queryKey: pageKeys.one(id), queryFn: () => call<Page>('GET', `/api/pages/${id}`) });
export const recentQuery = (spaceId: string) =>
  queryOptions({
    queryKey: pageKeys.recent(spaceId),
    queryFn: () => call<Paged<PageSummary>>('GET', '/api/pages/recent', { query: { spaceId } }),
  });
export const createPage = (body: NewPage) => call<Page>('POST', '/api/pages', { body });
export const changePage = (id: string, body: PageChange) => call<Page>('PATCH', `/api/pages/${id}`, { body });
export const movePage = (id: string, body: PageMove) => call<Page>('POST', `/api/pages/${id}/move`, { body });
export const deletePage = (id: string) => call<void>('DELETE', `/api/pages/${id}`);
export const untrashPage = (id: string) => call<Page>('POST', `/api/pages/${id}/untrash`);
export const trashQuery = infiniteQueryOptions({
  queryKey: pageKeys.trash,
  queryFn: ({ pageParam }) =>
    call<Paged<TrashedPage>>('GET', '/api/pages/trash', { query: { cursor: pageParam, limit: CHILDREN } }),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
});

export const historyQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: pageKeys.history(id),
    queryFn: ({ pageParam }) =>
      call<Paged<PageVersion>>('GET', `/api/pages/${id}/history`, {
        query: { cursor: pageParam, limit: VERSIONS },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
/** What was saved does not change any more. */
export const versionQuery = (id: string, version: string) =>
  queryOptions({
    queryKey: pageKeys.version(id, version),
    queryFn: () => call<PageVersionDetail>('GET', `/api/pages/${id}/history/${version}`),
    staleTime: Infinity,
  });
export const restoreVersion = (id: string, historyId: string) =>
  call<Page>('POST', `/api/pages/${id}/restore`, { body: { historyId } });

export const attachmentsQuery = (id: string) =>
  queryOptions({
    queryKey: pageKeys.attachments(id),
    queryFn: () => call<Paged<Attachment>>('GET', `/api/pages/${id}/attachments`, { query: { limit: ALL } }),
  });
export const attach = (pageId: string, file: File) =>
  call<Attachment>('POST', `/api/pages/${pageId}/attachments`, { query: { name: file.name }, file });
export const deleteAttachment = (id: string) => call<void>('DELETE', `/api/attachments/${id}`);

export const commentsQuery = (subject: Subject) =>
  queryOptions({
    queryKey: pageKeys.commentsOf(subject),
    queryFn: () => call<Paged<Comment>>('GET', '/api/comments', { query: { ...subject, limit: ALL } }),
  });
export const addComment = (body: Subject & { content: string; replyTo?: string }) =>
  call<Comment>('POST', '/api/comments', { body });
export const resolveComment = (id: string, resolved: boolean) =>
  call<Comment>('POST', `/api/comments/${id}/resolve`, { body: { resolved } });
export const deleteComment = (id: string) => call<void>('DELETE', `/api/comments/${id}`);

export interface SearchFor {
  q: string;
  kinds?: readonly FoundKind[];
  spaceId?: string;
}

export const searchQuery = ({ q, kinds, spaceId }: SearchFor) =>
  queryOptions({
    queryKey: [...pageKeys.search, q, kinds ?? null, spaceId ?? null],
    queryFn: () =>
      call<Paged<Found>>('GET', '/api/search', {
        query: { q, kinds: kinds?.join(','), spaceId, limit: RESULTS },
      }),
    enabled: q !== '',
    placeholderData: keepPreviousData,
  });
export const suggestQuery = (q: string) =>
  queryOptions({
    queryKey: [...pageKeys.search, 'suggest', q],
    queryFn: () => call<Paged<Suggestion>>('GET', '/api/search/suggest', { query: { q } }),
    enabled: q !== '',
    placeholderData: keepPreviousData,
  });
export const mentionsQuery = (q: string) =>
  queryOptions({
    queryKey: ['mentions', q],
    queryFn: () => call<Paged<Mentionable>>('GET', '/api/mentions', { query: { q } }),
    placeholderData: keepPreviousData,
  });
