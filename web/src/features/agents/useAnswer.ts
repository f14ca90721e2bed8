/** Owns answering an agent's question, once, and learning that it had moved on. Must not know how it is shown. */
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answerPrompt } from '../../api/client';
import type { Prompt } from '../../api/doing';
import { ProblemError } from '../../api/problems';
import { keys } from '../../api/queries';
import type { Agent } from '../../api/shapes';
import { putAgent } from '../../live/events';
import { useNow } from '../../parts/useNow';

// A program that has not changed its question by then did not take the answer: it may be given again.
const TAKEN_WITHIN_MS = 8_000;

export interface Answering {
  choose: (choice: string) => void;
  write: (text: string) => void;
  /** It was sent, and the program is about to take it. */
  isSent: boolean;
  isBusy: boolean;
  /** The question had changed or gone when the last answer came. */
  isStale: boolean;
  error: Error | null;
  forget: () => void;
}

export function useAnswer(agent: Agent, prompt: Prompt | null | undefined): Answering {
  const cache = useQueryClient();
  const now = useNow();
  const sending = useMutation({
    mutationFn: (said: { choice?: string; text?: string; promptId: string }) => answerPrompt(agent.id, said),
    onSuccess: (answered) => putAgent(cache, answered),
    onError: (thrown) => {
      // Whatever was wrong: what is shown now is what it asks now.
      if (isStaleError(thrown)) void cache.invalidateQueries({ queryKey: keys.agents });
    },
  });
  const say = (said: { choice?: string; text?: string }) => {
    if (prompt && !sending.isPending) sending.mutate({ ...said, promptId: prompt.id });
  };
  const isStale = isStaleError(sending.error);
  const isOfThis = sending.variables?.promptId === prompt?.id;
  return {
    choose: (choice) => say({ choice }),
    write: (text) => say({ text }),
    isSent: sending.isSuccess && isOfThis && now - sending.submittedAt < TAKEN_WITHIN_MS,
    isBusy: sending.isPending,
    isStale,
    error: isStale || !isOfThis ? null : sending.error,
    forget: sending.reset,
  };
}

function isStaleError(thrown: unknown): boolean {
  return thrown instanceof ProblemError && thrown.code === 'PROMPT_CHANGED';
}
