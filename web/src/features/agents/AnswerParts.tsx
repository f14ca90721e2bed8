/** Owns how a question is answered on screen: its options as buttons, its text field. Must not know what is asked. */
import { Alert, Button, Group, Skeleton, Stack, Text } from '@mantine/core';
import { lazy, Suspense, type KeyboardEvent } from 'react';

import type { Prompt } from '../../api/doing';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { placeOf } from '../../parts/promptArguments';
import type { Answering } from './useAnswer';
import classes from './doing.module.css';

// Loaded when something is asked that is answered in words.
const TextAnswer = lazy(() => import('./TextAnswer'));

const words = texts.prompt;

interface AnswerPartsProps {
  prompt: Prompt;
  answering: Answering;
}

export function AnswerParts({ prompt, answering }: AnswerPartsProps) {
  const options = prompt.options ?? [];
  const isOff = answering.isBusy || answering.isSent;
  return (
    <Stack gap="xs">
      {options.length > 0 && (
        <Group gap="xs" role="group" aria-label={words.options}>
          {options.map((option, at) => (
            <Button
              key={option.id}
              size="compact-sm"
              variant={at === 0 ? 'filled' : 'default'}
              disabled={isOff}
              onClick={() => answering.choose(option.id)}
              className={classes.option}
              leftSection={at < 9 ? <span aria-hidden>{at + 1}</span> : undefined}
            >
              {option.label}
            </Button>
          ))}
        </Group>
      )}
      {prompt.input && (
        <Suspense fallback={<Skeleton h={62} aria-label={texts.loading} />}>
          <TextAnswer key={prompt.id} input={prompt.input} isOff={isOff} onSend={answering.write} />
        </Suspense>
      )}
      {answering.error && <ProblemNote error={answering.error} />}
      <Text size="xs" c="dimmed" role="status">
        {answering.isSent ? words.sent : ''}
      </Text>
    </Stack>
  );
}

/** Keys 1 to 9 choose, unless they are typed into a field. */
export function chooseByKey(prompt: Prompt, answering: Answering) {
  return (event: KeyboardEvent) => {
    const isTyping = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    const place = isTyping || event.ctrlKey || event.altKey || event.metaKey ? null : placeOf(event.key);
    const option = place === null ? undefined : prompt.options?.[place];
    if (!option || answering.isBusy || answering.isSent) return;
    event.preventDefault();
    answering.choose(option.id);
  };
}

/** Says that an answer came too late, where it was given. */
export function StaleNote({ answering, isGone }: { answering: Answering; isGone: boolean }) {
  if (!answering.isStale) return null;
  return (
    <Alert
      color="orange"
      variant="light"
      p="xs"
      role="alert"
      title={words.stale}
      withCloseButton
      closeButtonLabel={words.dismiss}
      onClose={answering.forget}
    >
      {isGone ? words.staleGone : words.staleNow}
    </Alert>
  );
}
