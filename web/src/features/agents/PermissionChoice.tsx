/** Owns the choice of what an agent may do in Raven: a default, and each by itself. Must not grant anything. */
import { Button, Checkbox, Collapse, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ChevronDown, ChevronRight } from 'lucide-react';

import type { Permission } from '../../api/doing';
import { texts } from '../../texts';
import { byVerb, DEFAULT_PERMISSIONS } from '../../parts/permissions';

const words = texts.spawn;

interface PermissionChoiceProps {
  /** `null` is the default, whatever that is when the agent is spawned. */
  value: readonly Permission[] | null;
  error?: string;
  onChange: (chosen: Permission[] | null) => void;
}

export function PermissionChoice({ value, error, onChange }: PermissionChoiceProps) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <Stack gap={6}>
      <UnstyledButton onClick={toggle} aria-expanded={isOpen} fz="sm" w="fit-content">
        <Group gap={4}>
          <Chevron size={15} aria-hidden />
          <Text span inherit fw={500}>
            {words.permissions}
          </Text>
          <Text span inherit c="dimmed">
            {value ? words.permissionsChosen(value.length) : words.permissionsDefault}
          </Text>
        </Group>
      </UnstyledButton>
      {error && (
        <Text size="xs" c="red" role="alert">
          {error}
        </Text>
      )}
      <Collapse expanded={isOpen}>
        <Checkbox.Group
          aria-label={words.permissions}
          value={[...(value ?? DEFAULT_PERMISSIONS)]}
          onChange={(chosen) => onChange(chosen as Permission[])}
        >
          <Stack gap={8} pl={4}>
            {byVerb().map(([verb, permissions]) => (
              <Group key={verb} gap="md" align="baseline">
                <Text size="xs" c="dimmed" w={64}>
                  {words.verbs[verb] ?? verb}
                </Text>
                {permissions.map((permission) => (
                  <Checkbox
                    key={permission}
                    size="xs"
                    value={permission}
                    aria-label={permission}
                    label={permission.split(':')[1]}
                  />
                ))}
              </Group>
            ))}
            {value && (
              <Button size="compact-xs" variant="subtle" w="fit-content" onClick={() => onChange(null)}>
                {words.permissionsReset}
              </Button>
            )}
          </Stack>
        </Checkbox.Group>
      </Collapse>
    </Stack>
  );
}
