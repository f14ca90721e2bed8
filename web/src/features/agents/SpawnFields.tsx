/** Owns the fields of the spawn form beside its type. Must not know how it is sent. */
import {
  Autocomplete,
  Collapse,
  Group,
  NumberInput,
  SimpleGrid,
  Stack,
  Textarea,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ChevronDown, ChevronRight } from 'lucide-react';

import { texts } from '../../texts';
import { PermissionChoice } from './PermissionChoice';
import { PlaceFields } from './PlaceFields';
import { WorkPart } from './WorkPart';
import { CUSTOM, type SpawnErrors, type SpawnForm } from './spawnForm';

// What the programs call their own; anything else may be typed.
const MODES: Record<string, string[] | undefined> = {
  'claude-code': ['default', 'acceptEdits', 'plan', 'bypassPermissions'],
  codex: ['untrusted', 'on-request', 'never'],
  'gemini-cli': ['default', 'auto_edit', 'plan', 'yolo'],
};

interface SpawnFieldsProps {
  form: SpawnForm;
  errors: SpawnErrors;
  onChange: (change: Partial<SpawnForm>) => void;
}

export function SpawnFields({ form, errors, onChange }: SpawnFieldsProps) {
  return (
    <Stack gap="sm">
      {form.agentType === CUSTOM && (
        <TextInput
          label={texts.spawn.command}
          data-autofocus
          description={texts.spawn.commandHint}
          placeholder={texts.spawn.commandPlaceholder}
          classNames={{ input: 'mono' }}
          spellCheck={false}
          value={form.command}
          error={errors.command}
          onChange={(event) => onChange({ command: event.currentTarget.value })}
        />
      )}
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <TextInput
          label={texts.spawn.name}
          placeholder={texts.spawn.namePlaceholder}
          value={form.name}
          error={errors.name}
          onChange={(event) => onChange({ name: event.currentTarget.value })}
        />
        <NumberInput
          label={texts.spawn.count}
          min={1}
          clampBehavior="none"
          value={form.count}
          error={errors.count}
          onChange={(count) => onChange({ count })}
        />
      </SimpleGrid>
      <PlaceFields form={form} errors={errors} onChange={onChange} />
      {form.agentType !== CUSTOM && <Manner form={form} errors={errors} onChange={onChange} />}
      <WorkPart form={form} errors={errors} onChange={onChange} />
      <PermissionChoice
        value={form.permissions}
        error={errors.permissions}
        onChange={(permissions) => onChange({ permissions })}
      />
      <Options form={form} errors={errors} onChange={onChange} />
    </Stack>
  );
}

/** Which model it uses, and how it asks before it acts. */
function Manner({ form, errors, onChange }: SpawnFieldsProps) {
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
      <TextInput
        label={texts.spawn.model}
        // As high as its neighbour's, so that the fields stand in one line.
        description={'\u00a0'}
        placeholder={texts.spawn.modelPlaceholder}
        classNames={{ input: 'mono' }}
        spellCheck={false}
        value={form.model}
        error={errors.model}
        onChange={(event) => onChange({ model: event.currentTarget.value })}
      />
      <Autocomplete
        label={texts.spawn.permissionMode}
        description={texts.spawn.permissionModeHint}
        placeholder={texts.spawn.permissionModePlaceholder}
        classNames={{ input: 'mono' }}
        data={MODES[form.agentType] ?? []}
        spellCheck={false}
        value={form.permissionMode}
        error={errors.permissionMode}
        onChange={(permissionMode) => onChange({ permissionMode })}
      />
    </SimpleGrid>
  );
}

function Options({ form, errors, onChange }: SpawnFieldsProps) {
  const [isOpen, { toggle }] = useDisclosure(
    Boolean(form.env || form.cols || form.rows || form.capabilities),
  );
  const isShown = isOpen || Boolean(errors.env || errors.cols || errors.rows || errors.capabilities);
  const Chevron = isShown ? ChevronDown : ChevronRight;
  return (
    <>
      <UnstyledButton onClick={toggle} aria-expanded={isShown} fz="sm" c="dimmed" w="fit-content">
        <Group gap={4}>
          <Chevron size={15} aria-hidden /> {texts.spawn.options}
        </Group>
      </UnstyledButton>
      <Collapse expanded={isShown}>
        <Stack gap="sm">
          <TextInput
            label={texts.spawn.capabilities}
            description={texts.spawn.capabilitiesHint}
            placeholder={texts.spawn.capabilitiesPlaceholder}
            spellCheck={false}
            value={form.capabilities}
            error={errors.capabilities}
            onChange={(event) => onChange({ capabilities: event.currentTarget.value })}
          />
          <Textarea
            label={texts.spawn.env}
            description={texts.spawn.envHint}
            placeholder="NAME=value"
            classNames={{ input: 'mono' }}
            spellCheck={false}
            autosize
            minRows={2}
            maxRows={6}
            value={form.env}
            error={errors.env}
            onChange={(event) => onChange({ env: event.currentTarget.value })}
          />
          <SimpleGrid cols={2} spacing="sm">
            {(['cols', 'rows'] as const).map((field) => (
              <NumberInput
                key={field}
                label={texts.spawn[field]}
                placeholder={field === 'cols' ? '80' : '24'}
                clampBehavior="none"
                value={form[field]}
                error={errors[field]}
                onChange={(value) => onChange({ [field]: value })}
              />
            ))}
          </SimpleGrid>
        </Stack>
      </Collapse>
    </>
  );
}
