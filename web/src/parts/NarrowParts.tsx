/** Owns what narrows and takes along a list of what happened: days, a person, a file. Must not know which list. */
import { Button, Menu, Pill, Text, TextInput } from '@mantine/core';
import { Download } from 'lucide-react';

import { texts } from '../texts';

const words = texts.narrow;

interface DaysProps {
  since: string | null;
  until: string | null;
  onChange: (name: 'since' | 'until', day: string | null) => void;
}

export function Days({ since, until, onChange }: DaysProps) {
  const field = (name: 'since' | 'until', value: string | null) => (
    <TextInput
      type="date"
      size="xs"
      w={172}
      aria-label={words[name]}
      leftSection={
        <Text size="xs" c="dimmed" aria-hidden>
          {words[name]}
        </Text>
      }
      leftSectionWidth={42}
      value={value ?? ''}
      max={name === 'since' ? (until ?? undefined) : undefined}
      min={name === 'until' ? (since ?? undefined) : undefined}
      onChange={(event) => onChange(name, event.currentTarget.value || null)}
    />
  );
  return (
    <>
      {field('since', since)}
      {field('until', until)}
    </>
  );
}

/** What a list is narrowed to beyond its fields, to be taken back. */
export function Narrowed({ label, onForget }: { label: string; onForget: () => void }) {
  return (
    <Pill
      withRemoveButton
      onRemove={onForget}
      removeButtonProps={{ 'aria-label': words.forget, 'aria-hidden': false, tabIndex: 0 }}
    >
      {label}
    </Pill>
  );
}

export function ExportMenu({ url }: { url: (format: 'jsonl' | 'csv') => string }) {
  return (
    <Menu position="bottom-end" withinPortal>
      <Menu.Target>
        <Button size="xs" variant="default" leftSection={<Download size={14} aria-hidden />}>
          {words.export}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={url('jsonl')} download>
          {words.exportJsonl}
        </Menu.Item>
        <Menu.Item component="a" href={url('csv')} download>
          {words.exportCsv}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
