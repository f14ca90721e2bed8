/** Owns Settings → Recording: what of a terminal is recorded, and for how long it is kept. Must not know recordings. */
import { Button, Group, NumberInput, Radio, Skeleton, Stack, Text } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import { changeAgentSettings } from '../../api/client';
import { keys, settingsQuery } from '../../api/queries';
import type { AgentSettings, RecordInput } from '../../api/shapes';
import { formErrors } from '../../parts/field-errors';
import { isAdmin, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { changesOf, fieldsOf, isValidDays, type RecordingFields } from './recordingFields';
import { ReadOnlyNote, SettingsPart } from './SettingsLayout';

const words = texts.settings.recordingTexts;
const INPUTS: readonly RecordInput[] = ['full', 'output_only'];

export function RecordingSettingsPage() {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <Skeleton h={320} aria-label={texts.loading} />;
  if (!settings.data) return <ProblemNote error={settings.error} onRetry={() => void settings.refetch()} />;
  return <RecordingForm settings={settings.data} />;
}

function RecordingForm({ settings }: { settings: AgentSettings }) {
  const cache = useQueryClient();
  const mayChange = isAdmin(useMe());
  const [edited, setEdited] = useState<Partial<RecordingFields>>({});
  const form = { ...fieldsOf(settings), ...edited };
  const changes = changesOf(settings, form);
  const saving = useMutation({
    mutationFn: () => changeAgentSettings(changes),
    onSuccess: (saved) => {
      cache.setQueryData(keys.settings, saved);
      setEdited({});
    },
  });
  const errors = formErrors(saving.error, ['recordInput', 'recordingRetentionDays'] as const);
  const hasChanges = Object.keys(changes).length > 0;
  const isValid = isValidDays(form.days);
  const edit = (part: Partial<RecordingFields>) => setEdited((known) => ({ ...known, ...part }));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (hasChanges && isValid) saving.mutate();
  };
  return (
    <SettingsPart title={texts.settings.recording} lead={words.lead}>
      {!mayChange && <ReadOnlyNote reason={texts.settings.adminsOnly} />}
      <form onSubmit={submit}>
        <fieldset disabled={!mayChange} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
          <Stack gap="md">
            <InputChoice value={form.recordInput} error={errors.at.recordInput} onChange={edit} />
            <NumberInput
              label={words.retention}
              description={words.retentionHint}
              placeholder={words.retentionPlaceholder}
              maw={340}
              allowDecimal={false}
              allowNegative={false}
              value={form.days}
              error={errors.at.recordingRetentionDays ?? (isValid ? undefined : words.invalidDays)}
              onChange={(days) => edit({ days })}
            />
            {errors.whole && <ProblemNote error={saving.error} />}
            {mayChange && (
              <Group gap="sm">
                <Button type="submit" loading={saving.isPending} disabled={!hasChanges || !isValid}>
                  {texts.save}
                </Button>
                <Text size="sm" c="dimmed" role="status">
                  {saving.isSuccess && !hasChanges ? texts.saved : ''}
                </Text>
              </Group>
            )}
          </Stack>
        </fieldset>
      </form>
    </SettingsPart>
  );
}

interface InputChoiceProps {
  value: RecordInput;
  error?: string;
  onChange: (part: Partial<RecordingFields>) => void;
}

function InputChoice({ value, error, onChange }: InputChoiceProps) {
  return (
    <Radio.Group
      label={words.input}
      description={words.changeNote}
      value={value}
      error={error}
      onChange={(chosen) => onChange({ recordInput: chosen as RecordInput })}
    >
      <Stack gap={10} mt={8}>
        {INPUTS.map((input) => (
          <Radio
            key={input}
            value={input}
            label={words.inputs[input]}
            description={words.inputsAbout[input]}
          />
        ))}
      </Stack>
    </Radio.Group>
  );
}
