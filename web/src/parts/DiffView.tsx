/** Owns how a difference between two texts looks and sounds. Must not know which texts. */
import { VisuallyHidden } from '@mantine/core';

import { texts } from '../texts';
import { diffLines, type DiffLine } from './diffLines';
import classes from './diff.module.css';

const words = texts.history;

export function DiffView({ difference, label }: { difference: string; label: string }) {
  return (
    <div className={classes.diff} role="region" aria-label={label} tabIndex={0}>
      {diffLines(difference).map((line, at) => (
        <Line key={at} line={line} />
      ))}
    </div>
  );
}

function Line({ line: { kind, text } }: { line: DiffLine }) {
  switch (kind) {
    case 'skip':
      return <div className={classes.skip}>⋯</div>;
    case 'same':
      return <div className={classes.line}>{text || ' '}</div>;
    case 'added':
      return (
        <ins className={`${classes.line} ${classes.added}`}>
          <VisuallyHidden>{words.added}: </VisuallyHidden>
          {text || ' '}
        </ins>
      );
    case 'removed':
      return (
        <del className={`${classes.line} ${classes.removed}`}>
          <VisuallyHidden>{words.removed}: </VisuallyHidden>
          {text || ' '}
        </del>
      );
  }
}
