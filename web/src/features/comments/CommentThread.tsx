/** Owns one thread: a comment, its answers, and what one may do with them. Must not know the list it stands in. */
import { Badge, Button, Group, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Bot } from 'lucide-react';
import { useState } from 'react';

import type { Comment, Subject } from '../../api/knowledge';
import { deleteComment, pageKeys, resolveComment } from '../../api/pages';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { Markdown } from '../../parts/markdown/Markdown';
import { isAdmin, mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import classes from './comments.module.css';
import { NewComment } from './NewComment';
import type { Thread } from './threads';

const words = texts.comments;

interface ThreadProps {
  thread: Thread;
  subject: Subject;
}

export function CommentThread({ thread, subject }: ThreadProps) {
  const { first, replies } = thread;
  const [isAnswering, setAnswering] = useState(false);
  const cache = useQueryClient();
  const me = useMe();
  const isResolved = Boolean(first.resolvedAt);
  const resolving = useMutation({
    mutationFn: () => resolveComment(first.id, !isResolved),
    onSuccess: () => cache.invalidateQueries({ queryKey: pageKeys.commentsOf(subject) }),
  });
  return (
    <div className={classes.thread} data-resolved={isResolved || undefined}>
      <OneComment comment={first} subject={subject} />
      {replies.map((reply) => (
        <div key={reply.id} className={classes.reply}>
          <OneComment comment={reply} subject={subject} />
        </div>
      ))}
      {resolving.isError && <ProblemNote error={resolving.error} />}
      {isAnswering ? (
        <NewComment
          subject={subject}
          answering={{ id: first.id, name: first.author.name, onDone: () => setAnswering(false) }}
        />
      ) : (
        <Group gap={4}>
          {mayWrite(me) && (
            <>
              {!isResolved && (
                <Button size="compact-xs" variant="subtle" onClick={() => setAnswering(true)}>
                  {words.reply}
                </Button>
              )}
              <Button
                size="compact-xs"
                variant="subtle"
                loading={resolving.isPending}
                onClick={() => resolving.mutate()}
              >
                {isResolved ? words.reopen : words.resolve}
              </Button>
            </>
          )}
          {isResolved && first.resolvedBy && (
            <Text size="xs" c="dimmed">
              {words.resolvedBy(first.resolvedBy.name)}
            </Text>
          )}
        </Group>
      )}
    </div>
  );
}

function OneComment({ comment, subject }: { comment: Comment; subject: Subject }) {
  const me = useMe();
  const { author } = comment;
  const isOwn = author.kind === 'user' && author.id === me.user.id;
  // What others answered to stays in its place, without words.
  const isRemoved = comment.content === '';
  return (
    <Stack
      gap={4}
      component="article"
      id={comment.id}
      aria-label={words.of(author.name)}
      className={classes.one}
    >
      <Group gap={6} wrap="nowrap">
        <Text size="sm" fw={600}>
          {author.name}
        </Text>
        {author.kind === 'agent' && (
          <Badge size="xs" variant="light" leftSection={<Bot size={10} aria-hidden />}>
            {words.agent}
          </Badge>
        )}
        <Text size="xs" c="dimmed" component="div">
          <Ago moment={comment.createdAt} />
        </Text>
        {((isOwn && !isRemoved) || isAdmin(me)) && <DeleteComment comment={comment} subject={subject} />}
      </Group>
      <div className={classes.text}>
        {isRemoved ? (
          <Text size="sm" c="dimmed">
            {words.removed}
          </Text>
        ) : (
          <Markdown text={comment.content} />
        )}
      </div>
    </Stack>
  );
}

function DeleteComment({ comment, subject }: { comment: Comment; subject: Subject }) {
  const [isAsking, { open, close }] = useDisclosure(false);
  const cache = useQueryClient();
  const doing = useMutation<unknown, unknown, void>({
    mutationFn: () => deleteComment(comment.id),
    onSuccess: () => {
      close();
      void cache.invalidateQueries({ queryKey: pageKeys.commentsOf(subject) });
    },
  });
  return (
    <>
      <Button size="compact-xs" variant="subtle" color="gray" ml="auto" onClick={open}>
        {words.delete}
      </Button>
      <ConfirmDialog
        title={words.deleteTitle}
        text={words.deleteText}
        action={words.delete}
        doing={doing}
        isOpen={isAsking}
        onClose={close}
      />
    </>
  );
}
