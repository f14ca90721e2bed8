/** Owns what the dialogs of the second factor share: the proof of a password with a code, and recovery codes. Must not call the server. */
import {
  Alert,
  Button,
  CopyButton,
  Group,
  PasswordInput,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { Check, Copy, KeyRound } from 'lucide-react';
import { useState, type FormEvent } from 'react';

import type { BothProofs } from '../../api/people';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.security.factor;

interface ProofFormProps {
  text: string;
  action: string;
  send: (proofs: BothProofs) => Promise<void>;
  onCancel: () => void;
}

export function ProofForm({ text, action, send, onCancel }: ProofFormProps) {
  const [form, setForm] = useState<BothProofs>({ password: '', code: '' });
  const sending = useMutation({ mutationFn: () => send(form) });
  const errors = formErrors(sending.error, ['password', 'code'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{text}</Text>
        <PasswordInput
          label={words.password}
          autoComplete="current-password"
          required
          data-autofocus
          value={form.password}
          error={errors.at.password}
          onChange={(event) => setForm({ ...form, password: event.currentTarget.value })}
        />
        <TextInput
          label={words.anyCode}
          autoComplete="one-time-code"
          classNames={{ input: 'mono' }}
          spellCheck={false}
          required
          value={form.code}
          error={errors.at.code}
          onChange={(event) => setForm({ ...form, code: event.currentTarget.value })}
        />
        {errors.whole && <ProblemNote error={sending.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={sending.isPending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  return (
    <Stack>
      <Alert color="green" variant="light" icon={<KeyRound size={18} />} title={words.codesTitle}>
        {words.codesText}
      </Alert>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" className="screen" aria-label={words.codesTitle}>
        {codes.map((code) => (
          <code key={code} style={{ fontFamily: 'inherit' }}>
            {code}
          </code>
        ))}
      </SimpleGrid>
      <Group justify="space-between">
        <CopyButton value={codes.join('\n')}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              leftSection={copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
              onClick={copy}
            >
              {copied ? texts.copy.done : words.copyCodes}
            </Button>
          )}
        </CopyButton>
        <Button onClick={onDone}>{texts.security.done}</Button>
      </Group>
    </Stack>
  );
}
