/** Owns where an agent works: an empty folder, a folder, a repository. Must not know how it is sent. */
import { SegmentedControl, SimpleGrid, Stack, Text, TextInput } from '@mantine/core';

import { texts } from '../../texts';
import { PLACES, type Place, type SpawnErrors, type SpawnForm } from './spawnForm';

const words = texts.spawn;

interface PlaceFieldsProps {
  form: SpawnForm;
  errors: SpawnErrors;
  onChange: (change: Partial<SpawnForm>) => void;
}

export function PlaceFields({ form, errors, onChange }: PlaceFieldsProps) {
  return (
    <Stack gap={6}>
      <Text size="sm" fw={500} id="spawn-place">
        {words.place}
      </Text>
      <SegmentedControl
        aria-labelledby="spawn-place"
        size="xs"
        value={form.place}
        data={PLACES.map((place) => ({ value: place, label: words.places[place] }))}
        onChange={(place) => onChange({ place: place as Place })}
      />
      <Text size="xs" c="dimmed">
        {words.placesAbout[form.place]}
      </Text>
      {form.place === 'folder' && (
        <TextInput
          label={words.folder}
          placeholder={words.folderPlaceholder}
          classNames={{ input: 'mono' }}
          spellCheck={false}
          value={form.cwd}
          error={errors.cwd}
          onChange={(event) => onChange({ cwd: event.currentTarget.value })}
        />
      )}
      {form.place === 'repository' && (
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <TextInput
            label={words.repository}
            description={words.repositoryHint}
            placeholder={words.repositoryPlaceholder}
            classNames={{ input: 'mono' }}
            spellCheck={false}
            value={form.repository}
            error={errors.repository}
            onChange={(event) => onChange({ repository: event.currentTarget.value })}
          />
          <TextInput
            label={words.ref}
            description=" "
            placeholder={words.refPlaceholder}
            classNames={{ input: 'mono' }}
            spellCheck={false}
            value={form.ref}
            error={errors.ref}
            onChange={(event) => onChange({ ref: event.currentTarget.value })}
          />
        </SimpleGrid>
      )}
    </Stack>
  );
}
