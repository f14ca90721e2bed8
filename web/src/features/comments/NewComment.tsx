/** Owns writing a comment or an answer to one. Must not know the comments that are there. */
import { Button, Group, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import type { Subject } from '../../api/knowledge';
import { addComment, pageKeys } from '../../api/pages';
import { MarkdownEditor } from '../../parts/markdown/MarkdownEditor';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.comments;

interface NewCommentProps {
  subject: Subject;
  /** The comment that is answered, and what ends it. */
  answering?: { id: string; name: string; onDone: () => void };
}

export function NewComment({ subject, answering }: NewCommentProps) {
  const cache = useQueryClient();
  const [text, setText] = useState('');
  // What was sent makes room for a new one.
  const [round, setRound] = useState(0);
  const sending = useMutation({
    mutationFn: () => addComment({ ...subject, content: text.trim(), replyTo: answering?.id }),
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: pageKeys.commentsOf(subject) });
      setText('');
      setRound((before) => before + 1);
      answering?.onDone();
    },
  });
  const isEmpty = text.trim() === '';
  const send = () => {
    if (!isEmpty && !sending.isPending) sending.mutate();
  };
  return (
    <Stack gap="xs">
      <MarkdownEditor
        key={round}
        initial=""
        size="small"
        label={answering ? words.replyTo(answering.name) : words.label}
        placeholder={words.placeholder}
        hasFocus={answering ? true : undefined}
        onChange={setText}
        onSave={send}
      />
      {sending.isError && <ProblemNote error={sending.error} />}
      <Group gap="xs">
        <Button size="compact-sm" disabled={isEmpty} loading={sending.isPending} onClick={send}>
          {answering ? words.reply : words.add}
        </Button>
        {answering && (
          <Button size="compact-sm" variant="default" onClick={answering.onDone}>
            {texts.cancel}
          </Button>
        )}
      </Group>
    </Stack>
  );
}
