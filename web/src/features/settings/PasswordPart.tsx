/** Owns the change of one's own password. Must not keep either. */
import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type ChangeEvent, type FormEvent } from 'react';

import { changePassword, peopleKeys } from '../../api/people';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';

const words = texts.security.password;
const EMPTY = { current: '', new: '' };

export function PasswordPart() {
  const cache = useQueryClient();
  const [form, setForm] = useState(EMPTY);
  const changing = useMutation({
    mutationFn: () => changePassword(form),
    onSuccess: () => {
      setForm(EMPTY);
      return cache.invalidateQueries({ queryKey: peopleKeys.signIns });
    },
  });
  const errors = formErrors(changing.error, ['current', 'new'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    changing.mutate();
  };
  const bind = (field: keyof typeof EMPTY) => ({
    label: words[field],
    value: form[field],
    error: errors.at[field],
    required: true,
    maw: 340,
    onChange: (event: ChangeEvent<HTMLInputElement>) =>
      setForm({ ...form, [field]: event.currentTarget.value }),
  });
  const isComplete = form.current !== '' && form.new !== '';
  return (
    <SettingsPart title={words.title} lead={words.lead}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <PasswordInput {...bind('current')} autoComplete="current-password" />
          <PasswordInput {...bind('new')} description={words.newHint} autoComplete="new-password" />
          {errors.whole && <ProblemNote error={changing.error} />}
          <Group gap="sm">
            <Button type="submit" loading={changing.isPending} disabled={!isComplete}>
              {words.action}
            </Button>
            <Text size="sm" c="dimmed" role="status">
              {changing.isSuccess && form.new === '' ? words.changed : ''}
            </Text>
          </Group>
        </Stack>
      </form>
    </SettingsPart>
  );
}
