/** Owns what every form of the settings has: who may change it, Save, and how saving went. Must not know its fields. */
import { Button, Group, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

import { ProblemNote } from '../../parts/ProblemNote';
import { isAdmin, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { ReadOnlyNote, SettingsPart } from './SettingsLayout';

interface SettingsFormProps {
  title: string;
  lead: string;
  children: ReactNode;
  saving: { mutate: () => void; isPending: boolean; isSuccess: boolean };
  /** What was refused of the whole, and not of one field. */
  problem: unknown;
  hasChanges: boolean;
  isValid: boolean;
}

export function SettingsForm({
  title,
  lead,
  children,
  saving,
  problem,
  hasChanges,
  isValid,
}: SettingsFormProps) {
  const mayChange = isAdmin(useMe());
  const canSave = hasChanges && isValid;
  return (
    <SettingsPart title={title} lead={lead}>
      {!mayChange && <ReadOnlyNote reason={texts.settings.adminsOnly} />}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (canSave) saving.mutate();
        }}
      >
        <fieldset disabled={!mayChange} style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
          <Stack gap="md">
            {children}
            {problem !== null && problem !== undefined && <ProblemNote error={problem} />}
            {mayChange && (
              <Group gap="sm">
                <Button type="submit" loading={saving.isPending} disabled={!canSave}>
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
