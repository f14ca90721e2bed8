/** Owns the field for a code of the second factor. Must not know what is sent with it. */
import { TextInput } from '@mantine/core';

import { ProblemError } from '../../api/problems';
import { texts } from '../../texts';

const words = texts.secondStep;

/** Whether an attempt failed for the want of a code. */
export function wantsSecondFactor(thrown: unknown): boolean {
  return thrown instanceof ProblemError && thrown.code === 'SECOND_FACTOR_REQUIRED';
}

interface SecondStepProps {
  code: string;
  refused: string | undefined;
  onChange: (code: string) => void;
}

export function SecondStep({ code, refused, onChange }: SecondStepProps) {
  return (
    <TextInput
      label={words.label}
      description={words.hint}
      autoComplete="one-time-code"
      classNames={{ input: 'mono' }}
      spellCheck={false}
      required
      autoFocus
      value={code}
      error={refused}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
