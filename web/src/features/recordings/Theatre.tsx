/** Owns playing a recording: the player, its controls, and what stands beside it. Must not know what is recorded where. */
import '../../parts/terminal-fonts.css';

import { Group, SegmentedControl, Skeleton, Switch, Text, Tooltip } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ChevronLeft, ChevronRight, CircleSlash } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useSearchParams } from 'react-router';

import { castQuery, type Edition } from '../../api/queries';
import type { Recording } from '../../api/shapes';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { FONT_FAMILY } from '../../parts/terminalLook';
import { amount, clock } from '../../parts/time';
import { IconTool } from '../../parts/IconTool';
import { texts } from '../../texts';
import { parseCast, Unplayable, type Cast } from './cast';
import { IDLE_LIMIT_MS, Playback, SPEEDS, type Speed } from './Playback';
import { SidePanel } from './SidePanel';
import classes from './recordings.module.css';

const words = texts.recordings;
// As much as a browser plays without trouble; what is longer is downloaded.
const MAX_CAST_BYTES = 32 * 1024 * 1024;

interface TheatreProps {
  edition: Edition;
  recording: Recording;
}

export default function Theatre({ edition, recording }: TheatreProps) {
  const file = useQuery(castQuery(edition, MAX_CAST_BYTES));
  const read = useMemo(() => file.data && readCast(file.data), [file.data]);
  if (file.isPending) return <Skeleton flex={1} radius={0} aria-label={words.loading} />;
  if (!read) {
    return (
      <div className={classes.inset}>
        <ProblemNote error={file.error} onRetry={() => void file.refetch()} />
      </div>
    );
  }
  if (read instanceof Unplayable) {
    return (
      <EmptyState icon={CircleSlash} title={words.unplayable} text={words.unplayableText(read.message)} />
    );
  }
  if (read.events.length === 0) {
    return <EmptyState icon={CircleSlash} title={words.nothing} text={words.nothingText} />;
  }
  const isCut = file.data?.isWhole === false;
  return <Stage key={file.dataUpdatedAt} edition={edition} recording={recording} cast={read} isCut={isCut} />;
}

function readCast(file: { text: string; isWhole: boolean }): Cast | Unplayable {
  try {
    return parseCast(file.text, file);
  } catch (thrown) {
    if (thrown instanceof Unplayable) return thrown;
    throw thrown;
  }
}

function Stage({ edition, recording, cast, isCut }: TheatreProps & { cast: Cast; isCut: boolean }) {
  const playback = usePlayback(cast);
  return (
    <div className={classes.theatre}>
      <section className={classes.stage} aria-label={words.player}>
        {isCut && (
          <Text size="sm" c="var(--raven-attention)">
            {words.cut(amount(MAX_CAST_BYTES))}
          </Text>
        )}
        {playback && <Screen playback={playback} />}
        {playback && <Controls playback={playback} cast={cast} />}
      </section>
      {playback && (
        <SidePanel playback={playback} cast={cast} edition={edition} inputPolicy={recording.input} />
      )}
    </div>
  );
}

function usePlayback(cast: Cast): Playback | null {
  const [playback, setPlayback] = useState<Playback | null>(null);
  useEffect(() => {
    const opened = new Playback(cast);
    // A resource of the browser, made and disposed with the effect.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setPlayback(opened);
    return () => {
      setPlayback(null);
      opened.dispose();
    };
  }, [cast]);
  return playback;
}

function Screen({ playback }: { playback: Playback }) {
  const element = useRef<HTMLDivElement>(null);
  const [params] = useSearchParams();
  const startAt = useRef(Number(params.get('t') ?? 0) * 1000);
  useEffect(() => {
    let isGone = false;
    // The player measures its cells once, so its font must be there before.
    void document.fonts.load(`15px ${FONT_FAMILY}`).then(
      () => {
        if (isGone || !element.current) return;
        playback.mount(element.current);
        if (startAt.current > 0) playback.seek(startAt.current);
      },
      () => undefined,
    );
    return () => {
      isGone = true;
    };
  }, [playback]);
  return <div ref={element} className={classes.screen} data-testid="player" />;
}

function Controls({ playback, cast }: { playback: Playback; cast: Cast }) {
  const { speed, skipsIdle, atMs } = useSyncExternalStore(playback.subscribe, playback.snapshot);
  return (
    <Group gap="md" className={classes.controls}>
      <Group gap={8} wrap="nowrap">
        <Text size="xs" c="dimmed" id="playback-speed">
          {words.speed}
        </Text>
        <SegmentedControl
          aria-labelledby="playback-speed"
          size="xs"
          withItemsBorders={false}
          value={String(speed)}
          data={SPEEDS.map((choice) => ({ value: String(choice), label: `${choice}×` }))}
          onChange={(choice) => playback.setSpeed(Number(choice) as Speed)}
        />
      </Group>
      <Tooltip label={words.skipIdleHint(IDLE_LIMIT_MS / 1000)}>
        <div>
          <Switch
            size="xs"
            label={words.skipIdle}
            checked={skipsIdle}
            onChange={(event) => playback.setSkipsIdle(event.currentTarget.checked)}
          />
        </div>
      </Tooltip>
      <Group gap="sm" wrap="nowrap" ml="auto">
        <Tooltip label={words.positionHint}>
          <Text size="xs" c="dimmed" data-testid="position" style={{ fontVariantNumeric: 'tabular-nums' }}>
            {words.position(clock(atMs), clock(cast.durationMs))}
          </Text>
        </Tooltip>
        {cast.markers.length > 0 && (
          <Group gap={2} wrap="nowrap">
            <IconTool variant="default" label={words.previous} onClick={() => playback.skip('previous')}>
              <ChevronLeft size={16} />
            </IconTool>
            <IconTool variant="default" label={words.next} onClick={() => playback.skip('next')}>
              <ChevronRight size={16} />
            </IconTool>
          </Group>
        )}
      </Group>
    </Group>
  );
}
