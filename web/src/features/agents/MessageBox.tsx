/** Owns sending an agent a message, and how its turn goes. Must not know how it is typed. */
import { Button, Group, Text, Textarea, Tooltip } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { SendHorizontal } from 'lucide-react';
import { useState, type KeyboardEvent } from 'react';

import { sendMessage } from '../../api/client';
import type { Agent } from '../../api/shapes';
import { hasEnded } from '../../parts/states';
import { mayRunAgents, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { useNow } from '../../parts/useNow';
import { texts } from '../../texts';
import classes from './doing.module.css';
import { QueuedMessages } from './QueuedMessages';
import { turnWords } from './turnWords';

const words = texts.message;

export function MessageBox({ agent }: { agent: Agent }) {
  const [text, setText] = useState('');
  // What others sent is not told: only the texts of this page are known.
  const [sent, setSent] = useState<Record<string, string>>({});
  const mayRun = mayRunAgents(useMe());
  const isReady = agent.status === 'ready';
  const sending = useMutation({
    // It may turn busy between the look and the click: then it waits instead of being refused.
    mutationFn: () => sendMessage(agent.id, { message: text.trimEnd(), queue: true }),
    onSuccess: ({ messageId }) => {
      setSent((before) => ({ ...before, [messageId]: text.trimEnd() }));
      setText('');
    },
  });
  if (hasEnded(agent) || agent.status === 'stopping' || !mayRun) return null;
  const send = () => {
    if (text.trim() !== '' && !sending.isPending) sending.mutate();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <div className={classes.message}>
      {sending.isError && <ProblemNote error={sending.error} />}
      <Group gap="xs" wrap="nowrap" align="flex-end">
        <Textarea
          flex={1}
          size="sm"
          autosize
          minRows={1}
          maxRows={6}
          aria-label={words.label(agent.name)}
          title={words.keys}
          placeholder={words.placeholder}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        <Tooltip label={words.queueHint} disabled={isReady}>
          <Button
            variant={isReady ? 'filled' : 'default'}
            loading={sending.isPending}
            disabled={text.trim() === ''}
            leftSection={<SendHorizontal size={14} aria-hidden />}
            onClick={send}
          >
            {isReady ? words.send : words.queue}
          </Button>
        </Tooltip>
      </Group>
      <QueuedMessages agent={agent} texts={sent} />
      <TurnLine agent={agent} />
    </div>
  );
}

function TurnLine({ agent }: { agent: Agent }) {
  const now = useNow();
  const said = [turnWords(agent.turn, now), agent.queued ? words.queued(agent.queued) : ''].filter(Boolean);
  return (
    <Text
      size="xs"
      c={agent.turn?.error ? 'var(--raven-failure)' : 'dimmed'}
      className={classes.turn}
      truncate
      title={agent.turn?.error ?? undefined}
      role="status"
    >
      {said.join(' · ')}
    </Text>
  );
}
