/** Owns the query cache: how long answers hold, and what a 401 means everywhere. Must not know pages. */
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { ProblemError } from '../api/problems';
import { keys, worthRetrying } from '../api/queries';

// Events keep answers true; what is older than this is read again when it is next looked at.
const STALE_MS = 30_000;

export function createQueryClient(): QueryClient {
  // Whoever is told that nobody is logged in makes it so: the gate then asks for the login.
  const noticeLogout = (thrown: Error) => {
    if (thrown instanceof ProblemError && thrown.code === 'UNAUTHENTICATED')
      client.setQueryData(keys.me, null);
  };
  const client = new QueryClient({
    queryCache: new QueryCache({ onError: noticeLogout }),
    mutationCache: new MutationCache({ onError: noticeLogout }),
    defaultOptions: { queries: { staleTime: STALE_MS, retry: worthRetrying } },
  });
  return client;
}
