/** Owns choosing a person or an agent by name. Must not know what they are chosen for. */
import { Group, Select, Text, type SelectProps } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { Bot, CircleUser } from 'lucide-react';
import { useState } from 'react';

import type { Author } from '../../api/knowledge';
import { mentionsQuery } from '../../api/pages';
import { texts } from '../../texts';

// As fast as one types, and not for every letter.
const TYPING_MS = 150;

interface AssigneeSelectProps extends Omit<SelectProps, 'value' | 'onChange' | 'data' | 'error'> {
  value: Author | null;
  error?: string;
  onChange: (who: Author | null) => void;
}

export function AssigneeSelect({ value, onChange, ...rest }: AssigneeSelectProps) {
  const [typed, setTyped] = useState('');
  // What is chosen stands in the field, and is nothing that somebody looks for.
  const [asked] = useDebouncedValue(typed === value?.name ? '' : typed.trim(), TYPING_MS);
  const found = useQuery(mentionsQuery(asked)).data?.items ?? [];
  const known = new Map([...(value ? [value] : []), ...found].map((who) => [who.id, who]));
  return (
    <Select
      {...rest}
      searchable
      clearable
      data={[...known.values()].map(({ id, name }) => ({ value: id, label: name }))}
      filter={({ options }) => options}
      value={value?.id ?? null}
      searchValue={typed}
      onSearchChange={setTyped}
      onChange={(id) => onChange((id && known.get(id)) || null)}
      renderOption={({ option }) => {
        const isAgent = known.get(option.value)?.kind === 'agent';
        const Icon = isAgent ? Bot : CircleUser;
        return (
          <Group gap={6} wrap="nowrap">
            <Icon size={14} aria-hidden />
            <span>{option.label}</span>
            {isAgent && (
              <Text span size="xs" c="dimmed">
                {texts.tasks.agent}
              </Text>
            )}
          </Group>
        );
      }}
    />
  );
}
