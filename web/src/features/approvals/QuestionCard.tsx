/** Owns how an agent's question to people is shown and answered. Must not know the list it stands in. */
import { Anchor, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { MessageCircleQuestion } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { Link } from 'react-router';

import { answerQuestion } from '../../api/client';
import { keys } from '../../api/queries';
import type { Question } from '../../api/shapes';
import { Countdown } from '../../parts/Countdown';
import { mayRunAgents, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import classes from './approvals.module.css';

const words = texts.approvals.question;

export function QuestionCard({ question }: { question: Question }) {
  const mayAnswer = mayRunAgents(useMe());
  return (
    <Stack gap="xs">
      <Group justify="space-between" wrap="nowrap" gap="xs" align="flex-start">
        <Group gap={8} wrap="nowrap" miw={0} align="flex-start">
          <MessageCircleQuestion
            size={17}
            color="var(--raven-attention)"
            aria-hidden
            style={{ flex: 'none', marginTop: 2 }}
          />
          <Text size="sm" fw={600} className={classes.words}>
            {question.question}
          </Text>
        </Group>
        <Countdown deadline={question.deadline} />
      </Group>
      <Text size="xs" c="dimmed" component="div">
        {texts.approvals.askedBy}{' '}
        <Anchor component={Link} to={`/agents/${question.agent.id}`} size="xs">
          {question.agent.name}
        </Anchor>{' '}
        · <Ago moment={question.createdAt} />
        {question.state === 'escalated' && ` · ${words.escalated}`}
      </Text>
      {question.context && (
        <Text size="sm" className={classes.words}>
          {question.context}
        </Text>
      )}
      {mayAnswer && <AnswerForm question={question} />}
    </Stack>
  );
}

function AnswerForm({ question }: { question: Question }) {
  const cache = useQueryClient();
  const [text, setText] = useState('');
  const answering = useMutation({
    mutationFn: (given: { answer: string } | { option: string }) => answerQuestion(question.id, given),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.approvals }),
  });
  const isEmpty = text.trim() === '';
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (!isEmpty) answering.mutate({ answer: text.trim() });
  };
  const hasOptions = question.options.length > 0;
  return (
    <form onSubmit={send}>
      <Stack gap="xs">
        {hasOptions && (
          <Group gap="xs">
            {question.options.map((option) => (
              <Button
                key={option}
                size="compact-sm"
                variant="light"
                disabled={answering.isPending}
                onClick={() => answering.mutate({ option })}
              >
                {option}
              </Button>
            ))}
          </Group>
        )}
        <Group gap="xs" align="flex-end" wrap="nowrap">
          <Textarea
            aria-label={words.answer}
            placeholder={hasOptions ? words.other : words.placeholder}
            autosize
            minRows={1}
            maxRows={6}
            maxLength={4000}
            flex={1}
            maw={520}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
                event.preventDefault();
                send();
              }
            }}
          />
          <Button type="submit" variant="default" disabled={isEmpty} loading={answering.isPending}>
            {words.answer}
          </Button>
        </Group>
        {answering.isError && <ProblemNote error={answering.error} />}
      </Stack>
    </form>
  );
}
