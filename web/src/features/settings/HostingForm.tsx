/** Owns the form Agent Runtime Hosting: mode, endpoint, authentication. Must not test the connection. */
import { PasswordInput, Radio, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { changeAgentSettings } from '../../api/client';
import { keys } from '../../api/queries';
import type { AgentSettings, SettingsChange } from '../../api/shapes';
import { formErrors } from '../../parts/field-errors';
import { texts } from '../../texts';
import { SettingsForm } from './SettingsForm';

const words = texts.settings.hosting;
const FIELDS = [
  'runtimeEndpoint',
  'runtimeApiKey',
  'runtimeAuthType',
  'hostingMode',
  'controlPlaneUrl',
  'controlPlaneKey',
] as const;
const MODES = ['local', 'parallax', 'custom'] as const;
const AUTH_TYPES = ['api_key', 'none'] as const;

interface HostingFields {
  hostingMode: AgentSettings['hostingMode'];
  runtimeEndpoint: string;
  runtimeAuthType: AgentSettings['runtimeAuthType'];
  runtimeApiKey: string;
  controlPlaneUrl: string;
  controlPlaneKey: string;
}

function fieldsOf(settings: AgentSettings): HostingFields {
  const { hostingMode, runtimeAuthType } = settings;
  return {
    hostingMode,
    runtimeAuthType,
    runtimeEndpoint: settings.runtimeEndpoint ?? '',
    runtimeApiKey: '',
    controlPlaneUrl: settings.controlPlaneUrl ?? '',
    controlPlaneKey: '',
  };
}

/** Only what differs from what is stored: an untouched key must not be overwritten with nothing. */
function changesOf(settings: AgentSettings, form: HostingFields): SettingsChange {
  const stored = fieldsOf(settings);
  const change: SettingsChange = {};
  if (form.hostingMode !== stored.hostingMode) change.hostingMode = form.hostingMode;
  if (form.runtimeAuthType !== stored.runtimeAuthType) change.runtimeAuthType = form.runtimeAuthType;
  if (form.runtimeEndpoint.trim() !== stored.runtimeEndpoint) {
    change.runtimeEndpoint = form.runtimeEndpoint.trim() || null;
  }
  if (form.runtimeApiKey !== '') change.runtimeApiKey = form.runtimeApiKey;
  if (form.controlPlaneUrl.trim() !== stored.controlPlaneUrl) {
    change.controlPlaneUrl = form.controlPlaneUrl.trim() || null;
  }
  if (form.controlPlaneKey !== '') change.controlPlaneKey = form.controlPlaneKey;
  return change;
}

export function HostingForm({ settings }: { settings: AgentSettings }) {
  const cache = useQueryClient();
  const [edited, setEdited] = useState<Partial<HostingFields>>({});
  const form = { ...fieldsOf(settings), ...edited };
  const saving = useMutation({
    mutationFn: () => changeAgentSettings(changesOf(settings, form)),
    onSuccess: (saved) => {
      cache.setQueryData(keys.settings, saved);
      void cache.invalidateQueries({ queryKey: keys.types });
      void cache.invalidateQueries({ queryKey: keys.providerKeys });
      setEdited({});
    },
  });
  const errors = formErrors(saving.error, FIELDS);
  const hasChanges = Object.keys(changesOf(settings, form)).length > 0;
  const edit = (part: Partial<HostingFields>) => setEdited((known) => ({ ...known, ...part }));
  return (
    <SettingsForm
      title={words.title}
      lead={words.lead}
      saving={saving}
      problem={errors.whole && saving.error}
      hasChanges={hasChanges}
      isValid
    >
      <ModeChoice value={form.hostingMode} error={errors.at.hostingMode} onChange={edit} />
      <TextInput
        label={words.endpoint}
        description={form.hostingMode === 'parallax' ? words.endpointParallax : words.endpointHint}
        placeholder={words.endpointPlaceholder[form.hostingMode]}
        classNames={{ input: 'mono' }}
        inputMode="url"
        spellCheck={false}
        value={form.runtimeEndpoint}
        error={errors.at.runtimeEndpoint}
        onChange={(event) => edit({ runtimeEndpoint: event.currentTarget.value })}
      />
      <Authentication settings={settings} form={form} errors={errors.at} onChange={edit} />
      {form.hostingMode === 'parallax' && (
        <ControlPlane settings={settings} form={form} errors={errors.at} onChange={edit} />
      )}
    </SettingsForm>
  );
}

interface ModeChoiceProps {
  value: AgentSettings['hostingMode'];
  error?: string;
  onChange: (part: Partial<HostingFields>) => void;
}

function ModeChoice({ value, error, onChange }: ModeChoiceProps) {
  return (
    <Radio.Group
      label={words.mode}
      value={value}
      error={error}
      onChange={(mode) => onChange({ hostingMode: mode as AgentSettings['hostingMode'] })}
    >
      <Stack gap={8} mt={6}>
        {MODES.map((mode) => (
          <Radio key={mode} value={mode} label={words.modes[mode]} description={words.modesAbout[mode]} />
        ))}
      </Stack>
    </Radio.Group>
  );
}

interface AuthenticationProps {
  settings: AgentSettings;
  form: HostingFields;
  errors: Partial<Record<(typeof FIELDS)[number], string>>;
  onChange: (part: Partial<HostingFields>) => void;
}

function Authentication({ settings, form, errors, onChange }: AuthenticationProps) {
  const fingerprint = settings.runtimeApiKeyFingerprint;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500} id="runtime-auth">
        {words.auth}
      </Text>
      <SegmentedControl
        aria-labelledby="runtime-auth"
        w="fit-content"
        value={form.runtimeAuthType}
        data={AUTH_TYPES.map((type) => ({ value: type, label: words.authTypes[type] }))}
        onChange={(type) => onChange({ runtimeAuthType: type as AgentSettings['runtimeAuthType'] })}
      />
      {errors.runtimeAuthType && (
        <Text size="xs" c="red">
          {errors.runtimeAuthType}
        </Text>
      )}
      {form.runtimeAuthType === 'api_key' ? (
        <PasswordInput
          label={words.apiKey}
          description={fingerprint ? words.keyStored(fingerprint) : words.keyMissing}
          placeholder={fingerprint ? words.keyKeep : words.keyPlaceholder}
          autoComplete="off"
          value={form.runtimeApiKey}
          error={errors.runtimeApiKey}
          aria-invalid={Boolean(errors.runtimeApiKey)}
          onChange={(event) => onChange({ runtimeApiKey: event.currentTarget.value })}
        />
      ) : (
        <Text size="sm" c="dimmed">
          {words.authNone}
        </Text>
      )}
    </Stack>
  );
}

/** The control plane outside that is told of decisions, and gives work. */
function ControlPlane({ settings, form, errors, onChange }: AuthenticationProps) {
  const fingerprint = settings.controlPlaneKeyFingerprint;
  const { plane } = words;
  return (
    <Stack gap="xs" role="group" aria-label={plane.title}>
      <Text size="sm" fw={500}>
        {plane.title}
      </Text>
      <Text size="xs" c="dimmed">
        {plane.about}
      </Text>
      <TextInput
        label={plane.url}
        placeholder={words.endpointPlaceholder.parallax}
        classNames={{ input: 'mono' }}
        inputMode="url"
        spellCheck={false}
        value={form.controlPlaneUrl}
        error={errors.controlPlaneUrl}
        onChange={(event) => onChange({ controlPlaneUrl: event.currentTarget.value })}
      />
      <PasswordInput
        label={plane.key}
        description={fingerprint ? words.keyStored(fingerprint) : words.keyMissing}
        placeholder={fingerprint ? words.keyKeep : undefined}
        autoComplete="off"
        value={form.controlPlaneKey}
        error={errors.controlPlaneKey}
        aria-invalid={Boolean(errors.controlPlaneKey)}
        onChange={(event) => onChange({ controlPlaneKey: event.currentTarget.value })}
      />
    </Stack>
  );
}
