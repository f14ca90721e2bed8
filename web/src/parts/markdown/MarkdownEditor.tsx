/** Owns loading the Markdown editor when one is needed. Must not know what it is made of. */
import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';

import { texts } from '../../texts';
import type { CodeEditorProps } from './CodeEditor';

const CodeEditor = lazy(() => import('./CodeEditor'));

export function MarkdownEditor(props: CodeEditorProps) {
  return (
    <Suspense fallback={<Skeleton h={props.size === 'small' ? 80 : 240} aria-label={texts.loading} />}>
      <CodeEditor {...props} />
    </Suspense>
  );
}
