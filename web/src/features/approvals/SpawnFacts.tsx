/** Owns how a spawn that waits is read: one line for each thing that it asks for. Must not know who decides. */
import { Text } from '@mantine/core';

import { texts } from '../../texts';
import classes from './approvals.module.css';
import { factsOf } from './spawnFacts';

export function SpawnFacts({ wanted }: { wanted: unknown }) {
  return (
    <dl className={classes.facts} aria-label={texts.approvals.arguments}>
      {factsOf(wanted).map(({ name, value }) => (
        <div key={name} className={classes.fact}>
          <Text component="dt" size="xs" c="dimmed">
            {name}
          </Text>
          <Text component="dd" size="xs" m={0} className={`mono ${classes.words}`}>
            {value}
          </Text>
        </div>
      ))}
    </dl>
  );
}
