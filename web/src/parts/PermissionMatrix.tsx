/** Owns the choice of permissions by noun and verb, with presets. Must not know whose they are or who saves them. */
import { Button, Checkbox, Group, Stack, Table, Text } from '@mantine/core';

import type { Permission } from '../api/doing';
import { texts } from '../texts';
import { byVerb, isPermission, ofPreset, PERMISSIONS, PRESETS, presetOf } from './permissions';

const words = texts.access;
const VERBS = byVerb().map(([verb]) => verb);
const NOUNS = [...new Set(PERMISSIONS.map((permission) => permission.split(':')[1] ?? ''))];

interface PermissionMatrixProps {
  value: readonly Permission[];
  isReadOnly?: boolean;
  onChange: (chosen: Permission[]) => void;
}

export function PermissionMatrix({ value, isReadOnly = false, onChange }: PermissionMatrixProps) {
  const preset = presetOf(value);
  const toggle = (permission: Permission) =>
    onChange(
      value.includes(permission)
        ? value.filter((other) => other !== permission)
        : PERMISSIONS.filter((other) => other === permission || value.includes(other)),
    );
  return (
    <Stack gap="xs">
      <Group gap={6} role="group" aria-label={words.presets}>
        {PRESETS.map((name) => (
          <Button
            key={name}
            size="compact-sm"
            variant={preset === name ? 'filled' : 'default'}
            aria-pressed={preset === name}
            disabled={isReadOnly}
            onClick={() => onChange(ofPreset(name))}
          >
            {words.preset[name]}
          </Button>
        ))}
        <Text size="xs" c="dimmed">
          {words.count(value.length)}
        </Text>
      </Group>
      <Table.ScrollContainer minWidth={460}>
        <Table verticalSpacing={5} fz="sm" aria-label={words.permissions}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th />
              {VERBS.map((verb) => (
                <Table.Th key={verb} fw={500} ta="center">
                  {words.verbs[verb] ?? verb}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {NOUNS.map((noun) => (
              <Table.Tr key={noun}>
                <Table.Th fw={500}>{words.nouns[noun] ?? noun}</Table.Th>
                {VERBS.map((verb) => {
                  const permission = `${verb}:${noun}`;
                  return (
                    <Table.Td key={verb}>
                      {isPermission(permission) && (
                        <Group justify="center">
                          <Checkbox
                            size="xs"
                            aria-label={permission}
                            checked={value.includes(permission)}
                            disabled={isReadOnly}
                            onChange={() => toggle(permission)}
                          />
                        </Group>
                      )}
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Stack>
  );
}
