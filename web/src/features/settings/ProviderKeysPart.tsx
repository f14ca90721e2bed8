/** Owns Provider keys: which the runtime holds, setting, replacing and deleting them. Must not show a key. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { deleteProviderKey } from '../../api/client';
import { PROVIDERS, type Provider, type ProviderKey } from '../../api/doing';
import { keys, providerKeysQuery } from '../../api/queries';
import { ProblemNote } from '../../parts/ProblemNote';
import { ProviderKeyForm } from '../../parts/ProviderKeyForm';
import { texts } from '../../texts';
import { ListPart, ListRow } from './ListPart';

const words = texts.keys;

export function ProviderKeysPart() {
  const held = useQuery(providerKeysQuery);
  return (
    <ListPart
      title={words.title}
      lead={words.lead}
      asked={held}
      rows={({ items }) =>
        PROVIDERS.map((provider) => (
          <KeyRow key={provider} provider={provider} held={items.find((key) => key.provider === provider)} />
        ))
      }
    />
  );
}

function KeyRow({ provider, held }: { provider: Provider; held: ProviderKey | undefined }) {
  const [isEditing, { open, close }] = useDisclosure(false);
  const name = texts.providers[provider];
  const isOurs = held?.source !== 'start';
  return (
    <ListRow
      name={name}
      about={<KeyWords held={held} />}
      end={
        isOurs &&
        !isEditing && (
          <>
            <Button
              size="compact-sm"
              variant="default"
              onClick={open}
              aria-label={held ? words.replaceOf(name) : words.setOf(name)}
            >
              {held ? words.replace : words.set}
            </Button>
            {held && <DeleteControl provider={provider} />}
          </>
        )
      }
    >
      {isEditing && <ProviderKeyForm providers={[provider]} onSaved={close} onCancel={close} />}
    </ListRow>
  );
}

function KeyWords({ held }: { held: ProviderKey | undefined }) {
  if (!held) return words.none;
  return (
    <>
      <span className="mono">{held.fingerprint ? words.ends(held.fingerprint) : words.hidden}</span>
      {` · ${words.sources[held.source]}`}
      {held.source === 'start' && ` · ${words.readOnly}`}
    </>
  );
}

function DeleteControl({ provider }: { provider: Provider }) {
  const cache = useQueryClient();
  const [isAsking, { open, close }] = useDisclosure(false);
  const name = texts.providers[provider];
  const deleting = useMutation({
    mutationFn: () => deleteProviderKey(provider),
    onSuccess: () => {
      close();
      void cache.invalidateQueries({ queryKey: keys.types });
      return cache.invalidateQueries({ queryKey: keys.providerKeys });
    },
  });
  return (
    <>
      <Button size="compact-sm" variant="default" onClick={open} aria-label={words.removeOf(name)}>
        {words.remove}
      </Button>
      <Modal opened={isAsking} onClose={close} title={words.removeTitle(name)}>
        <Stack>
          <Text size="sm">{words.removeText}</Text>
          {deleting.isError && <ProblemNote error={deleting.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={close} data-autofocus>
              {texts.cancel}
            </Button>
            <Button color="red" loading={deleting.isPending} onClick={() => deleting.mutate()}>
              {words.remove}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
