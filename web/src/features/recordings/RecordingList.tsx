/** Owns the list of recordings, newest first, longer on demand. Must not know who filters it. */
import { Button, Skeleton, Stack } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Clapperboard } from 'lucide-react';
import { Link } from 'react-router';

import { sessionsQuery } from '../../api/queries';
import type { RecordedSession, Recording } from '../../api/shapes';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { absolute, amount } from '../../parts/time';
import { texts } from '../../texts';
import { GROWING_REFRESH_MS, Length } from './Length';
import { RecordingMark } from './RecordingMark';
import classes from './recordings.module.css';

const words = texts.recordings;

interface RecordingListProps {
  /** Only this agent's. */
  agentId?: string;
}

export default function RecordingList({ agentId }: RecordingListProps) {
  const sessions = useInfiniteQuery({
    ...sessionsQuery(agentId ? { agentId } : {}),
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isGrowing)) ? GROWING_REFRESH_MS : false,
  });
  if (sessions.isPending) return <Loading />;
  if (!sessions.data) {
    return <ProblemNote error={sessions.error} onRetry={() => void sessions.refetch()} />;
  }
  const recorded = sessions.data.pages.flatMap((page) => page.items).filter(isRecorded);
  if (recorded.length === 0 && !sessions.hasNextPage) {
    const text = agentId ? words.emptyOfAgent : words.emptyText;
    return <EmptyState icon={Clapperboard} title={words.empty} text={text} />;
  }
  return (
    <Stack gap="sm">
      {sessions.isError && <ProblemNote error={sessions.error} onRetry={() => void sessions.refetch()} />}
      <div className="surface">
        <div className={classes.columns} aria-hidden>
          {Object.entries(words.columns).map(([key, label]) => (
            <span key={key} data-cell={key}>
              {label}
            </span>
          ))}
        </div>
        <ol className={classes.list} aria-label={texts.nav.recordings}>
          {recorded.map((session) => (
            <Row key={session.id} session={session} />
          ))}
        </ol>
      </div>
      {sessions.hasNextPage && (
        <Button
          variant="subtle"
          loading={sessions.isFetchingNextPage}
          onClick={() => void sessions.fetchNextPage()}
          w="fit-content"
          mx="auto"
        >
          {words.more}
        </Button>
      )}
    </Stack>
  );
}

type Recorded = RecordedSession & { recording: Recording };

function isRecorded(session: RecordedSession): session is Recorded {
  return Boolean(session.recording);
}

function isGrowing(session: RecordedSession): boolean {
  return session.recording?.state === 'recording';
}

function Row({ session }: { session: Recorded }) {
  const { recording } = session;
  return (
    <li>
      <Link
        to={`/recordings/${session.id}`}
        className={classes.row}
        aria-label={words.open(session.agentName, absolute(recording.startedAt))}
      >
        <span data-cell="agent">{session.agentName || words.unknownAgent}</span>
        <span data-cell="started">
          <Ago moment={recording.startedAt} />
        </span>
        <span data-cell="length">
          <Length recording={recording} />
        </span>
        <span data-cell="size">{amount(recording.bytes)}</span>
        <span data-cell="state">
          <RecordingMark state={recording.state} isFocusable={false} />
        </span>
      </Link>
    </li>
  );
}

function Loading() {
  return (
    <Stack gap={6} aria-busy aria-label={texts.loading}>
      {[1, 2, 3, 4].map((row) => (
        <Skeleton key={row} h={42} />
      ))}
    </Stack>
  );
}
