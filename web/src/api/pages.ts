/** Owns the requests about spaces, pages, comments and search, and how they are cached. Must not know who shows the answers. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query';

import { answered, http } from './client';
import type { FoundKind, NewComment, NewPage, PageChange, PageMove, Subject } from './knowledge';
import { problemOf } from './problems';

// Pages under one page that are read at once; the tree asks for more by a button.
const CHILDREN = 100;
const VERSIONS = 50;
const RECENT = 15;
const RESULTS = 50;
// A workspace has few spaces, a page few comments and attachments: all of them at once.
const ALL = 200;

const ROOT = 'root';

export const pageKeys = {
  spaces: ['spaces'] as const,
  all: ['pages'] as const,
  children: (spaceId: string, parentId: string | null) => ['pages', 'under', spaceId, parentId] as const,
  one: (id: string, spaceId?: string) =>
    spaceId === undefined ? (['pages', 'one', id] as const) : (['pages', 'one', id, spaceId] as const),
  recent: (spaceId: string) => ['pages', 'recent', spaceId] as const,
  trash: ['pages', 'trash'] as const,
  history: (id: string) => ['pages', 'history', id] as const,
  version: (id: string, version: string) => ['page-versions', id, version] as const,
  attachments: (id: string) => ['pages', 'attachments', id] as const,
  comments: ['comments'] as const,
  commentsOf: (subject: Subject) => ['comments', subject] as const,
  search: ['search'] as const,
};

const of = (id: string) => ({ params: { path: { id } } });

export const spacesQuery = queryOptions({
  queryKey: pageKeys.spaces,
  queryFn: () => answered(http.GET('/api/spaces', { params: { query: { limit: ALL } } })),
});
export const createSpace = (name: string) => answered(http.POST('/api/spaces', { body: { name } }));
export const renameSpace = (id: string, name: string) =>
  answered(http.PATCH('/api/spaces/{id}', { ...of(id), body: { name } }));
export const deleteSpace = (id: string) => answered(http.DELETE('/api/spaces/{id}', of(id)));

export const childrenQuery = (spaceId: string, parentId: string | null) =>
  infiniteQueryOptions({
    queryKey: pageKeys.children(spaceId, parentId),
    queryFn: ({ pageParam }) => {
      const query = { spaceId, parentId: parentId ?? ROOT, cursor: pageParam, limit: CHILDREN };
      return answered(http.GET('/api/pages', { params: { query } }));
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
const getPage = (id: string, spaceId?: string) =>
  answered(http.GET('/api/pages/{id}', { params: { path: { id }, query: { spaceId } } }));

/** A link by slug means the page of its own space first, and the only one of that slug otherwise. */
async function getLinked(slug: string, spaceId: string) {
  try {
    return await getPage(slug, spaceId);
  } catch (thrown) {
    if (problemOf(thrown).status !== 404) throw thrown;
    return getPage(slug);
  }
}

/** By its id, or by its slug as it is linked from a space. */
export const pageQuery = (id: string, spaceId?: string) =>
  queryOptions({
    queryKey: pageKeys.one(id, spaceId),
    queryFn: () => (spaceId === undefined ? getPage(id) : getLinked(id, spaceId)),
  });
export const recentQuery = (spaceId: string) =>
  queryOptions({
    queryKey: pageKeys.recent(spaceId),
    queryFn: () => answered(http.GET('/api/pages/recent', { params: { query: { spaceId, limit: RECENT } } })),
  });
export const createPage = (body: NewPage) => answered(http.POST('/api/pages', { body }));
export const changePage = (id: string, body: PageChange) =>
  answered(http.PATCH('/api/pages/{id}', { ...of(id), body }));
export const movePage = (id: string, body: PageMove) =>
  answered(http.POST('/api/pages/{id}/move', { ...of(id), body }));
export const deletePage = (id: string) => answered(http.DELETE('/api/pages/{id}', of(id)));
export const untrashPage = (id: string) => answered(http.POST('/api/pages/{id}/untrash', of(id)));
export const trashQuery = infiniteQueryOptions({
  queryKey: pageKeys.trash,
  queryFn: ({ pageParam }) =>
    answered(http.GET('/api/pages/trash', { params: { query: { cursor: pageParam, limit: CHILDREN } } })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.nextCursor ?? undefined,
});

export const historyQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: pageKeys.history(id),
    queryFn: ({ pageParam }) =>
      answered(
        http.GET('/api/pages/{id}/history', {
          params: { path: { id }, query: { cursor: pageParam, limit: VERSIONS } },
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });
/** What was saved does not change any more. */
export const versionQuery = (id: string, versionId: string) =>
  queryOptions({
    queryKey: pageKeys.version(id, versionId),
    queryFn: () =>
      answered(http.GET('/api/pages/{id}/history/{versionId}', { params: { path: { id, versionId } } })),
    staleTime: Infinity,
  });
/** `version` is the one that was seen: on top of another, it is refused. */
export const restoreVersion = (id: string, historyId: string, version: number) =>
  answered(http.POST('/api/pages/{id}/restore', { ...of(id), body: { historyId, version } }));

export const attachmentsQuery = (id: string) =>
  queryOptions({
    queryKey: pageKeys.attachments(id),
    queryFn: () =>
      answered(http.GET('/api/pages/{id}/attachments', { params: { path: { id }, query: { limit: ALL } } })),
  });
/** Sends the file as it is, not as JSON. */
export const attach = (pageId: string, file: File) =>
  answered(
    http.POST('/api/pages/{id}/attachments', {
      params: { path: { id: pageId }, query: { name: file.name } },
      headers: { 'content-type': file.type || 'application/octet-stream' },
      bodySerializer: () => file,
      body: [],
    }),
  );
export const deleteAttachment = (id: string) => answered(http.DELETE('/api/attachments/{id}', of(id)));

export const commentsQuery = (subject: Subject) =>
  queryOptions({
    queryKey: pageKeys.commentsOf(subject),
    queryFn: () => answered(http.GET('/api/comments', { params: { query: { ...subject, limit: ALL } } })),
  });
export const addComment = (body: NewComment) => answered(http.POST('/api/comments', { body }));
export const resolveComment = (id: string, resolved: boolean) =>
  answered(http.POST('/api/comments/{id}/resolve', { ...of(id), body: { resolved } }));
export const deleteComment = (id: string) => answered(http.DELETE('/api/comments/{id}', of(id)));

export interface SearchFor {
  q: string;
  kinds?: readonly FoundKind[];
  spaceId?: string;
}

/** What a result is; the API says it in a word. */
export function kindOf(word: string): FoundKind {
  return word === 'task' || word === 'comment' ? word : 'page';
}

export const searchQuery = ({ q, kinds, spaceId }: SearchFor) =>
  queryOptions({
    queryKey: [...pageKeys.search, q, kinds ?? null, spaceId ?? null],
    queryFn: () => {
      const query = { q, kinds: kinds?.join(','), spaceId, limit: RESULTS };
      return answered(http.GET('/api/search', { params: { query } }));
    },
    enabled: q !== '',
    placeholderData: keepPreviousData,
  });
export const suggestQuery = (q: string) =>
  queryOptions({
    queryKey: [...pageKeys.search, 'suggest', q],
    queryFn: () => answered(http.GET('/api/search/suggest', { params: { query: { q } } })),
    enabled: q !== '',
    placeholderData: keepPreviousData,
  });
export const mentionsQuery = (q: string) =>
  queryOptions({
    queryKey: ['mentions', q],
    queryFn: () => answered(http.GET('/api/mentions', { params: { query: { q } } })),
    placeholderData: keepPreviousData,
  });
