/** Owns entering a provider's key for the runtime. Must not keep it, nor know which kinds take it. */
import { Button, Group, PasswordInput, Select, Stack } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type KeyboardEvent } from 'react';

import { setProviderKey } from '../api/client';
import type { Provider } from '../api/doing';
import { keys } from '../api/queries';
import { texts } from '../texts';
import { formErrors } from './field-errors';
import { ProblemNote } from './ProblemNote';

const words = texts.keys;

interface ProviderKeyFormProps {
  /** The providers that may be chosen; one of them is asked for by name. */
  providers: readonly Provider[];
  onSaved?: () => void;
  onCancel?: () => void;
}

/** No `form`: it may stand within one. */
export function ProviderKeyForm({ providers, onSaved, onCancel }: ProviderKeyFormProps) {
  const cache = useQueryClient();
  const [chosen, setChosen] = useState<Provider | undefined>(providers[0]);
  const [key, setKey] = useState('');
  const provider = chosen && providers.includes(chosen) ? chosen : providers[0];
  const saving = useMutation({
    mutationFn: (to: Provider) => setProviderKey(to, key.trim()),
    onSuccess: () => {
      setKey('');
      void cache.invalidateQueries({ queryKey: keys.types });
      void cache.invalidateQueries({ queryKey: keys.providerKeys });
      onSaved?.();
    },
  });
  if (!provider) return null;
  const errors = formErrors(saving.error, ['key'] as const);
  const save = () => {
    if (key.trim() !== '' && !saving.isPending) saving.mutate(provider);
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    save();
  };
  return (
    <Stack gap="xs">
      <Group gap="xs" align="flex-end">
        {providers.length > 1 && (
          <Select
            label={words.provider}
            w={150}
            allowDeselect={false}
            comboboxProps={{ withinPortal: true }}
            data={providers.map((name) => ({ value: name, label: texts.providers[name] }))}
            value={provider}
            onChange={(name) => setChosen(providers.find((known) => known === name))}
          />
        )}
        <PasswordInput
          label={words.label(texts.providers[provider])}
          description={words.hint}
          placeholder={words.placeholder}
          flex="1 1 220px"
          maw={420}
          autoComplete="off"
          value={key}
          error={errors.at.key}
          aria-invalid={Boolean(errors.at.key)}
          onChange={(event) => setKey(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        <Button variant="default" loading={saving.isPending} disabled={key.trim() === ''} onClick={save}>
          {words.save}
        </Button>
        {onCancel && (
          <Button variant="subtle" color="gray" onClick={onCancel}>
            {texts.cancel}
          </Button>
        )}
      </Group>
      {errors.whole && <ProblemNote error={saving.error} />}
    </Stack>
  );
}
