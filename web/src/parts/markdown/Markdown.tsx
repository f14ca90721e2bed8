/** Owns showing a Markdown text wherever one stands; what renders it is loaded then. Must not know how it is rendered. */
import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';

import { texts } from '../../texts';

const RenderedMarkdown = lazy(() => import('./RenderedMarkdown'));

export function Markdown({ text }: { text: string }) {
  return (
    <Suspense fallback={<Skeleton h={40} aria-label={texts.loading} />}>
      <RenderedMarkdown text={text} />
    </Suspense>
  );
}
