/** Owns the comments on a page or task: threads, what is resolved, and writing one. Must not know what they are about. */
import { Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useLocation } from 'react-router';

import type { Subject } from '../../api/knowledge';
import { commentsQuery } from '../../api/pages';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { CommentThread } from './CommentThread';
import { NewComment } from './NewComment';
import { threadsOf, type Thread } from './threads';

const words = texts.comments;

export default function CommentsPanel({ subject }: { subject: Subject }) {
  const comments = useQuery(commentsQuery(subject));
  const me = useMe();
  const threads = threadsOf(comments.data?.items ?? []);
  const open = threads.filter(({ first }) => !first.resolvedAt);
  return (
    <Stack gap="sm" component="section" aria-label={words.title}>
      <Group gap="xs" align="baseline">
        <Title order={2}>{words.title}</Title>
        {open.length > 0 && (
          <Text size="xs" c="dimmed">
            {words.open(open.length)}
          </Text>
        )}
      </Group>
      {comments.isPending && <Skeleton h={60} aria-label={texts.loading} />}
      {comments.isError && !comments.data && (
        <ProblemNote error={comments.error} onRetry={() => void comments.refetch()} />
      )}
      {comments.data && threads.length === 0 && (
        <Text size="sm" c="dimmed">
          {words.none}
        </Text>
      )}
      {open.map((thread) => (
        <CommentThread key={thread.first.id} thread={thread} subject={subject} />
      ))}
      {comments.data && <Resolved threads={threads} subject={subject} />}
      {mayWrite(me) ? (
        <NewComment subject={subject} />
      ) : (
        <Text size="xs" c="dimmed">
          {words.denied}
        </Text>
      )}
    </Stack>
  );
}

/** What is settled is out of the way, unless a link leads to it. */
function Resolved({ threads, subject }: { threads: Thread[]; subject: Subject }) {
  const linked = useLocation().hash.slice(1);
  const resolved = threads.filter(({ first }) => first.resolvedAt);
  const isLinked = resolved.some(({ first, replies }) =>
    [first, ...replies].some((comment) => comment.id === linked),
  );
  const [isWanted, setWanted] = useState(false);
  const isOpen = isWanted || isLinked;
  useEffect(() => {
    if (linked) document.getElementById(linked)?.scrollIntoView({ block: 'center' });
  }, [linked, isOpen]);
  if (resolved.length === 0) return null;
  return (
    <>
      <Button
        variant="subtle"
        size="compact-xs"
        w="fit-content"
        aria-expanded={isOpen}
        onClick={() => setWanted(!isOpen)}
      >
        {isOpen ? words.hideResolved : words.showResolved(resolved.length)}
      </Button>
      {isOpen &&
        resolved.map((thread) => <CommentThread key={thread.first.id} thread={thread} subject={subject} />)}
    </>
  );
}
