/** Owns how the writer learns that somebody wants to type, and answers. Must not take the keyboard by itself. */
import { Button, Group, Text, Tooltip } from '@mantine/core';
import { Hand } from 'lucide-react';
import type { RefObject } from 'react';

import { texts } from '../../texts';
import { requestsFor } from './seats';
import type { TerminalClient, TerminalSnapshot } from './TerminalClient';
import classes from './terminal.module.css';

const words = texts.terminal.requests;

interface RequestCardProps {
  client: TerminalClient;
  snapshot: TerminalSnapshot;
  /** Where the shortcut from within the terminal leads. */
  target: RefObject<HTMLButtonElement | null>;
}

/** It lies over what is there, so that a request never changes the size of the agent's terminal. */
export function RequestCard({ client, snapshot, target }: RequestCardProps) {
  const asking =
    snapshot.phase === 'attached' ? requestsFor(snapshot.me, snapshot.writer, snapshot.viewers) : [];
  const [first, ...others] = asking;
  const back = () => client.emulator.terminal.focus();
  const answer = (action: 'grant' | 'decline', seat: number) => {
    back();
    void client.control({ action, seat });
  };
  return (
    <div role="status">
      {first && (
        <div
          role="group"
          aria-label={words.label}
          className={classes.request}
          onKeyDown={(event) => event.key === 'Escape' && back()}
        >
          <Hand size={15} aria-hidden style={{ flex: 'none' }} />
          <Text size="sm" truncate miw={0}>
            {words.asks(first.name)}
            {others.length > 0 && ` ${words.more(others.length)}`}
          </Text>
          <Group gap={6} wrap="nowrap" style={{ flex: 'none' }}>
            <Tooltip label={words.keysHint}>
              <Button
                ref={target}
                size="compact-xs"
                aria-keyshortcuts="Control+Shift+H"
                onClick={() => answer('grant', first.seat)}
              >
                {words.hand}
              </Button>
            </Tooltip>
            <Button size="compact-xs" variant="default" onClick={() => answer('decline', first.seat)}>
              {words.decline}
            </Button>
          </Group>
        </div>
      )}
    </div>
  );
}
