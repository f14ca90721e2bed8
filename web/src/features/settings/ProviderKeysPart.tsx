/** Owns Provider keys: which the runtime holds, setting, replacing and deleting them. Must not show a key. */
import { Button, Group, Modal, Skeleton, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { deleteProviderKey } from '../../api/client';
import { PROVIDERS, type Provider, type ProviderKey } from '../../api/doing';
import { keys, providerKeysQuery } from '../../api/queries';
import { ProblemNote } from '../../parts/ProblemNote';
import { ProviderKeyForm } from '../../parts/ProviderKeyForm';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';

const words = texts.keys;

export function ProviderKeysPart() {
  const held = useQuery(providerKeysQuery);
  return (
    <SettingsPart title={words.title} lead={words.lead}>
      {held.isPending && <Skeleton h={160} aria-label={texts.loading} />}
      {held.isError && !held.data && <ProblemNote error={held.error} onRetry={() => void held.refetch()} />}
      {held.data && (
        <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
          {PROVIDERS.map((provider) => (
            <KeyRow
              key={provider}
              provider={provider}
              held={held.data.items.find((key) => key.provider === provider)}
            />
          ))}
        </Stack>
      )}
    </SettingsPart>
  );
}

function KeyRow({ provider, held }: { provider: Provider; held: ProviderKey | undefined }) {
  const [isEditing, { open, close }] = useDisclosure(false);
  const name = texts.providers[provider];
  const isOurs = held?.source !== 'start';
  return (
    <Stack
      component="li"
      gap={8}
      py="sm"
      style={{ borderTop: '1px solid var(--raven-line)' }}
      aria-label={name}
    >
      <Group justify="space-between" gap="xs" mih={30}>
        <Group gap="sm" align="baseline">
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Text size="sm" c="dimmed">
            <KeyWords held={held} />
          </Text>
        </Group>
        {isOurs && !isEditing && (
          <Group gap={6}>
            <Button
              size="compact-sm"
              variant="default"
              onClick={open}
              aria-label={held ? words.replaceOf(name) : words.setOf(name)}
            >
              {held ? words.replace : words.set}
            </Button>
            {held && <DeleteControl provider={provider} />}
          </Group>
        )}
      </Group>
      {isEditing && <ProviderKeyForm providers={[provider]} onSaved={close} onCancel={close} />}
    </Stack>
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
