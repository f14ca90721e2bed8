/** Owns showing a Markdown text wherever one stands; what renders it is loaded then. Must not know how it is rendered. */
import { Skeleton } from '@mantine/core';
import { lazy, Suspense, useMemo } from 'react';

import { texts } from '../../texts';
import { isReadable } from './bounds';
import { PlainInstead, PlainText } from './PlainInstead';

const RenderedMarkdown = lazy(() => import('./RenderedMarkdown'));

interface MarkdownProps {
  text: string;
  /** Of the page whose text it is: its links by slug are to pages of that space. */
  spaceId?: string;
}

export function Markdown({ text, spaceId }: MarkdownProps) {
  const isFit = useMemo(() => isReadable(text), [text]);
  if (!isFit) return <PlainText text={text} />;
  return (
    <PlainInstead key={text} text={text}>
      <Suspense fallback={<Skeleton h={40} aria-label={texts.loading} />}>
        <RenderedMarkdown text={text} spaceId={spaceId} />
      </Suspense>
    </PlainInstead>
  );
}
