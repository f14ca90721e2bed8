/** Owns the form that makes the first admin. Must not know what comes after it. */
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ChangeEvent, type FormEvent } from 'react';

import { setup } from '../../api/client';
import { keys } from '../../api/queries';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { AuthCard } from './AuthCard';

const FIELDS = ['workspaceName', 'password', 'email', 'name', 'code'] as const;
const CODES = { SETUP_CODE_WRONG: 'code' } as const;
const EMPTY = { code: '', email: '', name: '', password: '', workspaceName: '' };

type Field = keyof typeof EMPTY;

/** `initialCode` comes from the link that the server printed, when it carried one. */
export function SetupPage({ initialCode, onDone }: { initialCode: string; onDone: () => void }) {
  const cache = useQueryClient();
  const [form, setForm] = useState({ ...EMPTY, code: initialCode });
  const attempt = useMutation({
    mutationFn: setup,
    onSuccess: (me) => {
      cache.clear();
      cache.setQueryData(keys.me, me);
      onDone();
    },
  });
  const errors = formErrors(attempt.error, FIELDS, CODES);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate({
      ...form,
      code: form.code.trim(),
      workspaceName: form.workspaceName.trim() || undefined,
    });
  };
  const bind = (field: Field) => ({
    label: texts.fields[field],
    value: form[field],
    error: errors.at[field],
    'aria-invalid': Boolean(errors.at[field]),
    onChange: (event: ChangeEvent<HTMLInputElement>) =>
      setForm({ ...form, [field]: event.currentTarget.value }),
  });
  return (
    <AuthCard title={texts.setup.title} lead={texts.setup.lead}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            {...bind('code')}
            description={texts.setup.codeHint}
            required
            autoFocus
            autoComplete="one-time-code"
          />
          <TextInput {...bind('email')} type="email" required autoComplete="username" />
          <TextInput {...bind('name')} required autoComplete="name" />
          <PasswordInput {...bind('password')} required autoComplete="new-password" />
          <TextInput {...bind('workspaceName')} placeholder={texts.setup.workspacePlaceholder} />
          {errors.whole && <ProblemNote error={attempt.error} />}
          <Button type="submit" loading={attempt.isPending}>
            {texts.setup.action}
          </Button>
        </Stack>
      </form>
    </AuthCard>
  );
}
