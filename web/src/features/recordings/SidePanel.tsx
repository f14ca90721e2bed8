/** Owns what stands beside the player: transcript, markers, who typed what; each leads to its moment. */
import { ScrollArea, Stack, Tabs, Text, UnstyledButton } from '@mantine/core';
import { CircleStop, CircleDot, CirclePause, Keyboard, Tag, Unplug, type LucideIcon } from 'lucide-react';
import { useMemo, useSyncExternalStore, type ReactNode } from 'react';

import type { Edition } from '../../api/queries';
import type { RecordInput } from '../../api/shapes';
import { toneColor } from '../../parts/states';
import { clock } from '../../parts/time';
import { texts } from '../../texts';
import type { Cast, Input } from './cast';
import { lookOf, type MarkerKind } from './markers';
import type { Playback } from './Playback';
import { lastWhere } from './Timeline';
import { TranscriptPanel } from './TranscriptPanel';
import { groupTyped, readable } from './typed';
import classes from './recordings.module.css';

const words = texts.recordings;

interface SidePanelProps {
  playback: Playback;
  cast: Cast;
  edition: Edition;
  inputPolicy: RecordInput;
}

export function SidePanel({ playback, cast, edition, inputPolicy }: SidePanelProps) {
  return (
    <aside className={classes.side} aria-label={words.side}>
      <Tabs defaultValue="transcript" keepMounted={false} className={classes.tabs}>
        <Tabs.List>
          {(['transcript', 'markers', 'typed'] as const).map((tab) => (
            <Tabs.Tab key={tab} value={tab}>
              {words.tabs[tab]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="transcript" className={classes.tab}>
          <TranscriptPanel playback={playback} edition={edition} />
        </Tabs.Panel>
        <Tabs.Panel value="markers" className={classes.tab}>
          <Markers playback={playback} cast={cast} />
        </Tabs.Panel>
        <Tabs.Panel value="typed" className={classes.tab}>
          <TypedList playback={playback} cast={cast} inputPolicy={inputPolicy} />
        </Tabs.Panel>
      </Tabs>
    </aside>
  );
}

const MARKER_ICONS: Record<MarkerKind, LucideIcon> = {
  status: CircleDot,
  writer: Keyboard,
  exit: CircleStop,
  held: CirclePause,
  gap: Unplug,
  other: Tag,
};

function Markers({ playback, cast }: { playback: Playback; cast: Cast }) {
  const { atMs } = useSyncExternalStore(playback.subscribe, playback.snapshot);
  if (cast.markers.length === 0) return <Quiet>{words.noMarkers}</Quiet>;
  const current = lastWhere(cast.markers, (marker) => marker.atMs <= atMs);
  return (
    <ScrollArea className={classes.scroll} type="auto">
      <ol className={classes.moments} aria-label={words.tabs.markers}>
        {cast.markers.map((marker, at) => {
          const { kind, words: said, tone } = lookOf(marker.label);
          const Icon = MARKER_ICONS[kind];
          return (
            <Moment key={at} atMs={marker.atMs} isCurrent={at === current} playback={playback}>
              <Icon size={14} color={toneColor(tone)} aria-hidden style={{ flex: 'none' }} />
              <span>{said}</span>
            </Moment>
          );
        })}
      </ol>
    </ScrollArea>
  );
}

interface TypedListProps {
  playback: Playback;
  cast: Cast;
  inputPolicy: RecordInput;
}

function TypedList({ playback, cast, inputPolicy }: TypedListProps) {
  const { atMs } = useSyncExternalStore(playback.subscribe, playback.snapshot);
  const groups = useMemo(() => groupTyped(cast.inputs), [cast]);
  const current = lastWhere(groups, (typed) => typed.atMs <= atMs);
  return (
    <>
      {inputPolicy === 'output_only' && <Quiet>{words.outputOnly}</Quiet>}
      {groups.length === 0 && <Quiet>{words.noTyping}</Quiet>}
      <ScrollArea className={classes.scroll} type="auto">
        <ol className={classes.moments} aria-label={words.tabs.typed}>
          {groups.map((typed, at) => (
            <Moment key={at} atMs={typed.atMs} isCurrent={at === current} playback={playback}>
              <WhatWasTyped typed={typed} />
            </Moment>
          ))}
        </ol>
      </ScrollArea>
    </>
  );
}

function WhatWasTyped({ typed }: { typed: Input }) {
  return (
    <Stack gap={0} miw={0}>
      <Text span size="xs" c="dimmed">
        {typed.who?.name ?? words.somebody}
      </Text>
      {typed.text === null ? (
        <Text span size="xs" fs="italic">
          {words.typedHidden(typed.bytes)}
        </Text>
      ) : (
        <code className={classes.typed}>{readable(typed.text)}</code>
      )}
    </Stack>
  );
}

interface MomentProps {
  atMs: number;
  isCurrent: boolean;
  playback: Playback;
  children: ReactNode;
}

/** Something that happened, with the way to it. */
function Moment({ atMs, isCurrent, playback, children }: MomentProps) {
  return (
    <li>
      <UnstyledButton
        className={classes.moment}
        aria-current={isCurrent || undefined}
        onClick={() => playback.seek(atMs)}
      >
        <time className={classes.at}>{clock(atMs)}</time>
        {children}
      </UnstyledButton>
    </li>
  );
}

export function Quiet({ children }: { children: ReactNode }) {
  return (
    <Text size="sm" c="dimmed" p="sm">
      {children}
    </Text>
  );
}
