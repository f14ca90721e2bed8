/** Owns showing a Markdown text wherever one stands; what renders it is loaded then. Must not know how it is rendered. */
import { Skeleton } from '@mantine/core';
import { lazy, Suspense, useMemo } from 'react';

import { texts } from '../../texts';
import { isReadable } from './bounds';
import { PlainInstead, PlainText } from './PlainInstead';

const RenderedMarkdown = lazy(() => import('./RenderedMarkdown'));

export function Markdown({ text }: { text: string }) {
  const isFit = useMemo(() => isReadable(text), [text]);
  if (!isFit) return <PlainText text={text} />;
  return (
    <PlainInstead key={text} text={text}>
      <Suspense fallback={<Skeleton h={40} aria-label={texts.loading} />}>
        <RenderedMarkdown text={text} />
      </Suspense>
    </PlainInstead>
  );
}
