/** Owns who types, in words, and what one may do about it: take, ask, cancel, release. Must not know the wire. */
import { Button, Group, Text, Tooltip } from '@mantine/core';
import { Eye, Hand, Keyboard } from 'lucide-react';

import { texts } from '../../texts';
import { standingOf, type Offer, type Standing } from './seats';
import type { TerminalClient, TerminalSnapshot } from './TerminalClient';
import classes from './terminal.module.css';

const words = texts.terminal.bar;

interface ControlPartProps {
  client: TerminalClient;
  snapshot: TerminalSnapshot;
}

export function ControlPart({ client, snapshot }: ControlPartProps) {
  const { phase, me, writer, viewers } = snapshot;
  if (phase !== 'attached') return <div className={classes.control} />;
  const standing = standingOf(me, writer, viewers);
  const Icon = standing.is === 'writing' ? Keyboard : standing.is === 'free' ? Hand : Eye;
  return (
    <Group gap={8} wrap="nowrap" miw={0} className={classes.control}>
      <Group gap={5} wrap="nowrap" miw={0}>
        <Icon size={14} aria-hidden style={{ flex: 'none' }} />
        <Text size="xs" truncate role="status">
          {wordsFor(standing)}
        </Text>
      </Group>
      {standing.is === 'writing' ? (
        <Release client={client} isUseful={viewers.length > 1} />
      ) : (
        standing.offers.map((offer) => <OfferButton key={offer} offer={offer} client={client} />)
      )}
    </Group>
  );
}

function wordsFor(standing: Standing): string {
  if (standing.is === 'writing') return words.writing;
  if (standing.is === 'free') return standing.offers.length > 0 ? words.free : words.freeWatching;
  const { name } = standing.writer;
  if (standing.isMine) return words.watchingSelf;
  if (standing.offers.includes('cancel')) return words.waiting(name);
  return standing.isIdle ? words.watchingIdle(name) : words.watching(name);
}

const OFFERS = {
  take: { label: words.take, order: { action: 'take' } },
  ask: { label: words.ask, order: { action: 'request' } },
  cancel: { label: words.cancelAsk, order: { action: 'release' } },
} as const;

function OfferButton({ offer, client }: { offer: Offer; client: TerminalClient }) {
  const { label, order } = OFFERS[offer];
  const act = () => {
    // What follows is typing: the keyboard goes to the terminal, where Enter no longer presses the button.
    if (offer === 'take') client.emulator.terminal.focus();
    void client.control(order);
  };
  return (
    <Button
      size="compact-xs"
      variant={offer === 'take' ? 'light' : 'default'}
      onClick={act}
      style={{ flex: 'none' }}
    >
      {label}
    </Button>
  );
}

/** Alone there is nobody to give the seat to. */
function Release({ client, isUseful }: { client: TerminalClient; isUseful: boolean }) {
  if (!isUseful) return null;
  return (
    <Tooltip label={words.releaseHint}>
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => void client.control({ action: 'release' })}
        style={{ flex: 'none' }}
      >
        {words.release}
      </Button>
    </Tooltip>
  );
}
