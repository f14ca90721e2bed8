/** Owns the first assignment in the spawn dialog, folded until it is wanted. Must not know how it is sent. */
import { Collapse, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ChevronDown, ChevronRight } from 'lucide-react';

import { AssignmentFields } from '../../parts/AssignmentFields';
import { isNoWork } from '../../parts/assignmentForm';
import { texts } from '../../texts';
import type { SpawnErrors, SpawnForm } from './spawnForm';

const words = texts.work.spawn;

interface WorkPartProps {
  form: SpawnForm;
  errors: SpawnErrors;
  onChange: (change: Partial<SpawnForm>) => void;
}

export function WorkPart({ form, errors, onChange }: WorkPartProps) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const isShown = isOpen || !isNoWork(form.work);
  const Chevron = isShown ? ChevronDown : ChevronRight;
  return (
    <>
      <UnstyledButton onClick={toggle} aria-expanded={isShown} fz="sm" c="dimmed" w="fit-content">
        <Group gap={4}>
          <Chevron size={15} aria-hidden /> {words.title}
        </Group>
      </UnstyledButton>
      <Collapse expanded={isShown}>
        <Stack gap="sm" component="section" aria-label={words.title}>
          <Text size="xs" c="dimmed">
            {words.hint} {Number(form.count) > 1 && words.each}
          </Text>
          <AssignmentFields
            form={form.work}
            errors={errors}
            onChange={(part) => onChange({ work: { ...form.work, ...part } })}
          />
        </Stack>
      </Collapse>
    </>
  );
}
