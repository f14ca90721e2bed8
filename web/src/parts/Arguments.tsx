/** Owns how what a tool is used with stands on a card: blocks to read. Must not know which tool. */
import { Text } from '@mantine/core';

import { texts } from '../texts';
import { readable } from './promptArguments';
import classes from './arguments.module.css';

export function Arguments({ given }: { given: unknown }) {
  return readable(given).map((part) => (
    <div key={part.name ?? ''}>
      {part.name && (
        <Text size="xs" c="dimmed">
          {part.name}
        </Text>
      )}
      <pre
        className={`screen ${classes.block}`}
        aria-label={part.name ?? texts.prompt.arguments}
        tabIndex={0}
      >
        {part.text}
      </pre>
    </div>
  ));
}
