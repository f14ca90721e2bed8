/** Owns the steps that set up a second factor: password, picture, first code, recovery codes. Must not keep the secret. */
import { Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import { beginSecondFactor, confirmSecondFactor } from '../../api/people';
import { CopyLine } from '../../parts/CopyLine';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { QrCode } from './QrCode';
import { RecoveryCodes } from './SecondFactorForms';

const words = texts.security.factor;

export function SecondFactorSetup({ onDone }: { onDone: () => void }) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const beginning = useMutation({ mutationFn: () => beginSecondFactor(password) });
  const confirming = useMutation({ mutationFn: () => confirmSecondFactor(code) });
  if (confirming.data) return <RecoveryCodes codes={confirming.data.recoveryCodes} onDone={onDone} />;
  const step = beginning.data ? confirming : beginning;
  const errors = formErrors(step.error, ['password', 'code'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    step.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {beginning.data ? (
          <>
            <Text size="sm">{words.scan}</Text>
            <QrCode text={beginning.data.otpauthUrl} label={words.picture} />
            <CopyLine text={beginning.data.secret} label={words.secret} />
            <TextInput
              label={words.code}
              autoComplete="one-time-code"
              inputMode="numeric"
              classNames={{ input: 'mono' }}
              required
              autoFocus
              value={code}
              error={errors.at.code}
              onChange={(event) => setCode(event.currentTarget.value)}
            />
          </>
        ) : (
          <>
            <Text size="sm">{words.passwordFirst}</Text>
            <PasswordInput
              label={words.password}
              autoComplete="current-password"
              required
              data-autofocus
              value={password}
              error={errors.at.password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
          </>
        )}
        {errors.whole && <ProblemNote error={step.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={step.isPending}>
            {beginning.data ? words.confirm : words.next}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
