/** Owns the page of one recording: what is known of it, and whether there is something to play. Must not play it. */
import { Alert, Anchor, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleOff, Clapperboard, Download, Radio } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import { Link, useParams } from 'react-router';

import { castUrl } from '../../api/client';
import { problemOf } from '../../api/problems';
import { sessionQuery, type Edition } from '../../api/queries';
import type { RecordedSession, Recording } from '../../api/shapes';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { absolute, amount } from '../../parts/time';
import { texts } from '../../texts';
import { GROWING_REFRESH_MS, Length } from './Length';
import { RecordingMark } from './RecordingMark';
import { VerifiedBadge } from './VerifiedBadge';
import classes from './recordings.module.css';

// The player is loaded when there is something to play.
const Theatre = lazy(() => import('./Theatre'));

const words = texts.recordings;

export function RecordingPage() {
  const { sessionId = '' } = useParams();
  const session = useQuery({
    ...sessionQuery(sessionId),
    refetchOnMount: 'always',
    refetchInterval: ({ state }) =>
      state.data?.recording?.state === 'recording' ? GROWING_REFRESH_MS : false,
  });
  // One that was known as live may be complete by now, and is read as what it is.
  if (session.data && session.isFetchedAfterMount) {
    return <Loaded key={sessionId} session={session.data} updatedAt={session.dataUpdatedAt} />;
  }
  if (session.isPending || session.isFetching) return <Skeleton m="lg" h={320} aria-label={texts.loading} />;
  if (problemOf(session.error).status === 404)
    return <Nothing title={words.notFound} text={words.notFoundText} />;
  return (
    <Stack p="lg">
      <ProblemNote error={session.error} onRetry={() => void session.refetch()} />
    </Stack>
  );
}

function Nothing({ title, text }: { title: string; text: string }) {
  return (
    <EmptyState icon={Clapperboard} title={title} text={text}>
      <Button component={Link} to="/recordings" variant="default" mt="sm">
        {words.toAll}
      </Button>
    </EmptyState>
  );
}

function Loaded({ session, updatedAt }: { session: RecordedSession; updatedAt: number }) {
  const { recording } = session;
  const newest = recording?.state === 'recording' ? `live-${updatedAt}` : (recording?.state ?? '');
  // What plays is not exchanged under whoever watches it: they ask for more.
  const [asOf, setAsOf] = useState(newest);
  if (!recording) return <Nothing title={words.none} text={words.noneText} />;
  const edition = { sessionId: session.id, asOf };
  return (
    <div className={classes.page}>
      <title>{texts.title(`${session.agentName} · ${texts.nav.recordings}`)}</title>
      <Header session={session} recording={recording} edition={edition} />
      <Notes session={session} recording={recording} edition={edition} onReread={() => setAsOf(newest)} />
      {recording.state === 'expired' ? (
        <Expired recording={recording} />
      ) : (
        <Suspense fallback={<Skeleton flex={1} radius={0} aria-label={words.loading} />}>
          <Theatre edition={edition} recording={recording} />
        </Suspense>
      )}
    </div>
  );
}

interface PartProps {
  session: RecordedSession;
  recording: Recording;
  edition: Edition;
}

function Header({ session, recording, edition }: PartProps) {
  return (
    <Stack gap={4} px={{ base: 'sm', sm: 'lg' }} pt="sm" pb={8}>
      <Group justify="space-between" gap="sm">
        <Group gap="sm" miw={0}>
          <Title order={1} lineClamp={1}>
            <Anchor
              component={Link}
              to={`/agents/${session.agentId}`}
              inherit
              c="inherit"
              className="plain-link"
            >
              {session.agentName || words.unknownAgent}
            </Anchor>
          </Title>
          <RecordingMark state={recording.state} />
          {recording.state !== 'expired' && <VerifiedBadge edition={edition} recording={recording} />}
        </Group>
        {recording.state !== 'expired' && (
          <Button
            component="a"
            href={castUrl(session.id, { download: true })}
            download
            size="compact-sm"
            variant="default"
            title={words.downloadHint}
            leftSection={<Download size={14} aria-hidden />}
          >
            {words.download}
          </Button>
        )}
      </Group>
      <Facts recording={recording} />
    </Stack>
  );
}

function Facts({ recording }: { recording: Recording }) {
  const { facts } = words;
  const kept = recording.expiresAt ? words.keptUntil(absolute(recording.expiresAt)) : words.keptForGood;
  return (
    <dl className={classes.facts}>
      <div>
        <dt>{facts.started}</dt>
        <dd>
          <Ago moment={recording.startedAt} />
        </dd>
      </div>
      <div>
        <dt>{facts.length}</dt>
        <dd>
          <Length recording={recording} />
        </dd>
      </div>
      <div>
        <dt>{facts.size}</dt>
        <dd>{amount(recording.bytes)}</dd>
      </div>
      <div>
        <dt>{facts.stored}</dt>
        <dd>{amount(recording.storedBytes)}</dd>
      </div>
      <div>
        <dt>{facts.kept}</dt>
        <dd>{kept}</dd>
      </div>
    </dl>
  );
}

/** What one should know before believing that this is all. */
function Notes({ session, recording, edition, onReread }: PartProps & { onReread: () => void }) {
  const isLive = recording.state === 'recording';
  const isOld = !isLive && edition.asOf !== recording.state;
  return (
    <Stack gap={6} px={{ base: 'sm', sm: 'lg' }}>
      {(isLive || isOld) && (
        <Alert variant="light" color="raven" icon={<Radio size={16} />} p="xs" mb={6}>
          <Group gap="sm">
            <Text size="sm">{isLive ? words.live : words.endedSince}</Text>
            <Button size="compact-xs" variant="default" onClick={onReread}>
              {words.reload}
            </Button>
            {isLive && (
              <Anchor component={Link} to={`/agents/${session.agentId}/terminal?terminal=1`} size="sm">
                {words.toTerminal}
              </Anchor>
            )}
          </Group>
        </Alert>
      )}
      {recording.stalled && (
        <Text size="sm" c="var(--raven-failure)" mb={6}>
          {words.stalled(recording.stalled)}
        </Text>
      )}
      {recording.gaps > 0 && (
        <Text size="sm" c="var(--raven-attention)" mb={6}>
          {words.gaps(recording.gaps)}
        </Text>
      )}
    </Stack>
  );
}

function Expired({ recording }: { recording: Recording }) {
  const ended = recording.expiresAt ?? recording.endedAt;
  return (
    <EmptyState
      icon={CircleOff}
      title={words.states.expired}
      text={ended ? words.expiredText(absolute(ended)) : words.statesAbout.expired}
    />
  );
}
