/** Owns which page the address names. Must not know how it is shown. */
import { useQuery } from '@tanstack/react-query';
import { useParams, useSearchParams } from 'react-router';

import { pageQuery } from '../../api/pages';
import { SPACE_OF_LINK } from '../../parts/markdown/links';

export function usePageHere() {
  const { id } = useParams();
  const [params] = useSearchParams();
  return useQuery({
    ...pageQuery(id ?? '', params.get(SPACE_OF_LINK) ?? undefined),
    enabled: id !== undefined,
  });
}
