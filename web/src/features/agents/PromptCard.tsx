/** Owns how an agent's question is shown and answered. Must not know which program asks. */
import { Group, Stack, Text } from '@mantine/core';
import { MessageCircleQuestion } from 'lucide-react';

import type { Prompt } from '../../api/doing';
import type { Agent } from '../../api/shapes';
import { Arguments } from '../../parts/Arguments';
import { withoutArguments } from '../../parts/promptArguments';
import { hasEnded } from '../../parts/states';
import { mayRunAgents, useMe } from '../../parts/me';
import { useNow } from '../../parts/useNow';
import { texts } from '../../texts';
import { AnswerParts, chooseByKey, StaleNote } from './AnswerParts';
import classes from './doing.module.css';

import { useAnswer, type Answering } from './useAnswer';

const words = texts.prompt;

// Lines of a question on the home page; its own page has them all.
const CARD_LINES = 4;
// A program may report that it asks before its screen shows what.
const READ_WITHIN_MS = 3_000;

interface PromptCardProps {
  agent: Agent;
  place: 'page' | 'home';
}

/** What it asks, except how to log in: that is the login card's. */
export function PromptCard({ agent, place }: PromptCardProps) {
  const prompt = agent.status === 'login_required' || hasEnded(agent) ? null : agent.prompt;
  const answering = useAnswer(agent, prompt);
  if (!prompt && !answering.isStale) return null;
  const card = (
    <Stack gap="xs">
      <StaleNote answering={answering} isGone={!prompt} />
      {prompt && <Question agent={agent} prompt={prompt} answering={answering} place={place} />}
    </Stack>
  );
  return place === 'page' ? <div className={classes.strip}>{card}</div> : card;
}

interface QuestionProps extends PromptCardProps {
  prompt: Prompt;
  answering: Answering;
}

function Question({ agent, prompt, answering, place }: QuestionProps) {
  const mayAnswer = mayRunAgents(useMe());
  const title = words.titles[prompt.kind];
  const isNew = useNow() - Date.parse(agent.statusSince) < READ_WITHIN_MS;
  const cannotAnswer = !prompt.options?.length && !prompt.input && !isNew;
  return (
    <section
      className={classes.ask}
      aria-label={`${title}: ${agent.name}`}
      // Focusable, so that the keys have a place where they count.
      tabIndex={0}
      aria-keyshortcuts={prompt.options?.length ? '1 2 3 4 5 6 7 8 9' : undefined}
      onKeyDown={mayAnswer ? chooseByKey(prompt, answering) : undefined}
    >
      <Stack gap="xs">
        <Group gap={6} wrap="nowrap" c="var(--raven-attention)" title={words.keys}>
          <MessageCircleQuestion size={16} aria-hidden style={{ flex: 'none' }} />
          <Text size="sm" fw={600}>
            {title}
          </Text>
          {prompt.tool && (
            <Text size="xs" c="dimmed" className="mono" truncate>
              {prompt.tool}
            </Text>
          )}
        </Group>
        <Text size="sm" className={classes.question} lineClamp={place === 'home' ? CARD_LINES : undefined}>
          {withoutArguments(prompt.question, prompt.arguments)}
        </Text>
        <Arguments given={prompt.arguments} />
        {mayAnswer && <AnswerParts prompt={prompt} answering={answering} />}
        {cannotAnswer && (
          <Text size="xs" c="dimmed">
            {words.inTerminal}
          </Text>
        )}
      </Stack>
    </section>
  );
}
