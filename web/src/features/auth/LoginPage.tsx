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

const FIELDS = ['email', 'password'] as const;
const CODES = { LOGIN_FAILED: 'password' } as const;

export function LoginPage({ onDone }: { onDone: () => void }) {
  const cache = useQueryClient();
  const [form, setForm] = useState({ email: '', password: '' });
  const attempt = useMutation({
    mutationFn: login,
    onSuccess: (me) => {
      cache.clear();
      cache.setQueryData(keys.me, me);
      onDone();
    },
  });
  const errors = formErrors(attempt.error, FIELDS, CODES);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate(form);
  };
  return (
    <AuthCard title={texts.logIn.title} lead={texts.logIn.lead}>
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
    </AuthCard>
  );
}
