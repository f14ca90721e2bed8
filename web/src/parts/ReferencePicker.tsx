/** Owns choosing pages and tasks by searching for them. Must not know what they are chosen for. */
import { MultiSelect } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { kindOf, suggestQuery } from '../api/pages';
import { texts } from '../texts';

export interface Reference {
  kind: 'page' | 'task';
  id: string;
  title: string;
}

const words = texts.work.fields;
// As fast as one types, and not for every letter.
const TYPING_MS = 150;

interface ReferencePickerProps {
  value: readonly Reference[];
  /** `page` where nothing else can be referred to. */
  only?: Reference['kind'];
  label?: string;
  description?: string;
  /** What is typed meanwhile is kept. */
  isSaving?: boolean;
  error?: string;
  onChange: (value: Reference[]) => void;
}

export function ReferencePicker({
  value,
  only,
  label = words.references,
  description = words.referencesHint,
  isSaving,
  error,
  onChange,
}: ReferencePickerProps) {
  const [typed, setTyped] = useState('');
  const [asked] = useDebouncedValue(typed.trim(), TYPING_MS);
  const found = useQuery(suggestQuery(asked)).data?.items ?? [];
  const known = new Map<string, Reference>();
  for (const { kind, id, title } of [...value, ...found]) {
    known.set(id, { kind: kindOf(kind) === 'task' ? 'task' : 'page', id, title });
  }
  const shown = [...known.values()].filter(({ kind }) => !only || kind === only);
  const options = shown.map(({ kind, id, title }) => ({
    value: id,
    label: only ? title : `${texts.search.kind[kind]}: ${title}`,
  }));
  return (
    <MultiSelect
      label={label}
      description={description}
      readOnly={isSaving}
      searchable
      hidePickedOptions
      data={options}
      // The server has chosen: it forgives what a filter by letters would not.
      filter={({ options: all }) => all}
      value={value.map(({ id }) => id)}
      searchValue={typed}
      error={error}
      onSearchChange={setTyped}
      onChange={(ids) => onChange(ids.map((id) => known.get(id)).filter((one) => one !== undefined))}
    />
  );
}
