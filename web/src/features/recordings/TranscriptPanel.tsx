/** Owns reading and searching what a recording says, and jumping to where it is said. Must not know how it plays. */
import { Highlight, Skeleton, Text, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Search } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState, useSyncExternalStore, type KeyboardEvent } from 'react';

import { transcriptQuery, type Edition } from '../../api/queries';
import type { Transcript } from '../../api/shapes';
import { ProblemNote } from '../../parts/ProblemNote';
import { clock } from '../../parts/time';
import { texts } from '../../texts';
import type { Playback } from './Playback';
import { matching } from './search';
import { lastWhere } from './Timeline';
import classes from './recordings.module.css';

const words = texts.recordings;
type Line = Transcript['lines'][number];

export function TranscriptPanel({ playback, edition }: { playback: Playback; edition: Edition }) {
  const transcript = useQuery(transcriptQuery(edition));
  if (transcript.isPending) return <Skeleton h={120} m="sm" aria-label={texts.loading} />;
  if (!transcript.data) {
    return <ProblemNote error={transcript.error} onRetry={() => void transcript.refetch()} />;
  }
  return <Loaded playback={playback} transcript={transcript.data} />;
}

function Loaded({ playback, transcript }: { playback: Playback; transcript: Transcript }) {
  const [term, setTerm] = useState('');
  const shown = useMemo(() => matching(transcript.lines, term), [transcript, term]);
  const isSearching = term.trim() !== '';
  const nothing = transcript.lines.length === 0 ? words.transcriptEmpty : words.notFoundInTranscript;
  return (
    <>
      <TextInput
        type="search"
        size="xs"
        m="xs"
        aria-label={words.search}
        placeholder={words.search}
        leftSection={<Search size={13} aria-hidden />}
        rightSection={
          isSearching && (
            <Text size="xs" c="dimmed" role="status" pr={8} style={{ whiteSpace: 'nowrap' }}>
              {words.found(shown.length)}
            </Text>
          )
        }
        rightSectionWidth={isSearching ? 84 : 0}
        value={term}
        onChange={(event) => setTerm(event.currentTarget.value)}
        onKeyDown={(event) => {
          const first = shown[0];
          if (event.key === 'Enter' && first) playback.seek(first.atMs);
        }}
      />
      {transcript.truncated && (
        <Text size="xs" c="dimmed" px="sm" pb={6}>
          {words.transcriptCut}
        </Text>
      )}
      {shown.length === 0 ? (
        <Text size="sm" c="dimmed" px="sm">
          {nothing}
        </Text>
      ) : (
        <Lines playback={playback} lines={shown} term={term.trim()} />
      )}
    </>
  );
}

// Height of a line, as the style sheet has it: only what is in sight is drawn.
const LINE_PX = 21;
// Lines drawn above and below what is in sight.
const MARGIN_LINES = 20;

function Lines({ playback, lines, term }: { playback: Playback; lines: Line[]; term: string }) {
  const { atMs, isPlaying } = useSyncExternalStore(playback.subscribe, playback.snapshot);
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const [chosen, setChosen] = useState(-1);
  const id = useId();
  const current = lastWhere(lines, (line) => line.atMs <= atMs);
  const isFollowing = isPlaying && term === '';
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setHeight(entry?.contentRect.height ?? 0));
    if (box.current) observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    if (isFollowing && current >= 0) bringIntoSight(box.current, current);
  }, [isFollowing, current]);
  const onKey = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 };
    const step = steps[event.key];
    const line = lines[chosen];
    if (event.key === 'Enter' && line) playback.seek(line.atMs);
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(lines.length - 1, (chosen < 0 ? Math.max(0, current) : chosen) + step));
    setChosen(next);
    bringIntoSight(box.current, next);
  };
  const from = Math.max(0, Math.floor(top / LINE_PX) - MARGIN_LINES);
  const to = Math.min(lines.length, Math.ceil((top + height) / LINE_PX) + MARGIN_LINES);
  return (
    <div
      ref={box}
      className={classes.lines}
      role="listbox"
      tabIndex={0}
      aria-label={words.tabs.transcript}
      aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      onKeyDown={onKey}
    >
      <div style={{ height: lines.length * LINE_PX, paddingTop: from * LINE_PX }}>
        {lines.slice(from, to).map((line, at) => (
          <div
            key={from + at}
            id={`${id}-${from + at}`}
            role="option"
            className={classes.line}
            aria-selected={from + at === chosen}
            data-current={from + at === current || undefined}
            title={words.jumpTo(clock(line.atMs))}
            onClick={() => {
              setChosen(from + at);
              playback.seek(line.atMs);
            }}
          >
            <time className={classes.at}>{clock(line.atMs)}</time>
            <Highlight component="span" highlight={term} className={classes.lineText}>
              {line.text === '' ? ' ' : line.text}
            </Highlight>
          </div>
        ))}
      </div>
    </div>
  );
}

function bringIntoSight(box: HTMLElement | null, line: number): void {
  if (!box) return;
  const above = line * LINE_PX;
  if (above < box.scrollTop) box.scrollTop = above;
  else if (above + LINE_PX > box.scrollTop + box.clientHeight) {
    box.scrollTop = above + LINE_PX - box.clientHeight;
  }
}
