/** Owns moving a page, and what must be read again then. Must not know who asks for it. */
import { useMutation, useQueryClient } from '@tanstack/react-query';

import type { PageMove } from '../../api/knowledge';
import { movePage, pageKeys } from '../../api/pages';

export function useMovePage(onMoved?: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: ({ id, move }: { id: string; move: PageMove }) => movePage(id, move),
    onSuccess: async (page) => {
      cache.setQueryData(pageKeys.one(page.id), page);
      await cache.invalidateQueries({ queryKey: pageKeys.all });
      void cache.invalidateQueries({ queryKey: pageKeys.spaces });
      onMoved?.();
    },
  });
}
