/** Owns the login form. Must not know where one came from: `onDone` goes back there. */
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import { login } from '../../api/client';
import { keys } from '../../api/queries';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { AuthCard } from './AuthCard';
import { ProviderChoices, ProviderProblem } from './ProviderChoices';
import { SecondStep, wantsSecondFactor } from './SecondStep';

const FIELDS = ['email', 'password'] as const;
const CODES = { LOGIN_FAILED: 'password' } as const;

interface SecondStepFormProps {
  code: string;
  attempt: { isPending: boolean; error: unknown };
  onSubmit: (event: FormEvent) => void;
  onChange: (code: string) => void;
  onBack: () => void;
}

function SecondStepForm({ code, attempt, onSubmit, onChange, onBack }: SecondStepFormProps) {
  const isWrong = wantsSecondFactor(attempt.error) && code !== '';
  return (
    <AuthCard title={texts.logIn.title} lead={texts.secondStep.lead}>
      <form onSubmit={onSubmit}>
        <Stack>
          <SecondStep
            code={code}
            refused={isWrong ? texts.secondStep.wrong : undefined}
            onChange={onChange}
          />
          {attempt.error && !wantsSecondFactor(attempt.error) ? <ProblemNote error={attempt.error} /> : null}
          <Button type="submit" loading={attempt.isPending} disabled={code.trim() === ''}>
            {texts.logIn.action}
          </Button>
          <Button variant="subtle" color="gray" onClick={onBack}>
            {texts.secondStep.back}
          </Button>
        </Stack>
      </form>
    </AuthCard>
  );
}

interface LoginPageProps {
  /** Why another service's word did not sign in, by its code. */
  problem: string | null;
  onDone: () => void;
}

export function LoginPage({ problem, onDone }: LoginPageProps) {
  const cache = useQueryClient();
  const [form, setForm] = useState({ email: '', password: '', code: '' });
  const attempt = useMutation({
    mutationFn: login,
    onSuccess: (me) => {
      cache.clear();
      cache.setQueryData(keys.me, me);
      onDone();
    },
  });
  const [isSecondStep, setSecondStep] = useState(false);
  const errors = formErrors(attempt.error, FIELDS, CODES);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const { code, ...first } = form;
    attempt.mutate(isSecondStep ? { ...first, code } : first, {
      onError: (thrown) => setSecondStep(wantsSecondFactor(thrown)),
    });
  };
  if (isSecondStep) {
    const restart = (code: string, still: boolean) => {
      attempt.reset();
      setForm({ ...form, code });
      setSecondStep(still);
    };
    return (
      <SecondStepForm
        code={form.code}
        attempt={attempt}
        onSubmit={submit}
        onChange={(code) => restart(code, true)}
        onBack={() => restart('', false)}
      />
    );
  }
  return (
    <AuthCard title={texts.logIn.title} lead={texts.logIn.lead}>
      <ProviderProblem code={problem} />
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={texts.fields.email}
            type="email"
            autoComplete="username"
            required
            autoFocus
            value={form.email}
            error={errors.at.email}
            onChange={(event) => setForm({ ...form, email: event.currentTarget.value })}
          />
          <PasswordInput
            label={texts.fields.password}
            autoComplete="current-password"
            required
            value={form.password}
            error={errors.at.password}
            aria-invalid={Boolean(errors.at.password)}
            onChange={(event) => setForm({ ...form, password: event.currentTarget.value })}
          />
          {errors.whole && <ProblemNote error={attempt.error} />}
          <Button type="submit" loading={attempt.isPending}>
            {texts.logIn.action}
          </Button>
        </Stack>
      </form>
      <ProviderChoices />
    </AuthCard>
  );
}
