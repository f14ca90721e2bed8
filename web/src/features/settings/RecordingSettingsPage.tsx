/** Owns Settings → Recording: what of a terminal is recorded, and for how long it is kept. Must not know recordings. */
import { NumberInput, Radio, Skeleton, Stack } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { changeAgentSettings } from '../../api/client';
import { keys, settingsQuery } from '../../api/queries';
import type { AgentSettings, RecordInput } from '../../api/shapes';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { changesOf, fieldsOf, isValidDays, type RecordingFields } from './recordingFields';
import { SettingsForm } from './SettingsForm';

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
  return (
    <SettingsForm
      title={texts.settings.recording}
      lead={words.lead}
      saving={saving}
      problem={errors.whole && saving.error}
      hasChanges={hasChanges}
      isValid={isValid}
    >
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
    </SettingsForm>
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
