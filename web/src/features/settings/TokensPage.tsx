/** Owns Settings → Tokens: make one, see it once, revoke it. Must not keep a token's text. */
import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Modal,
  NativeSelect,
  Skeleton,
  Stack,
  Table,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Trash2 } from 'lucide-react';
import { useState, type FormEvent } from 'react';

import { createToken, revokeToken } from '../../api/client';
import { keys, tokensQuery } from '../../api/queries';
import type { Scope, Token } from '../../api/shapes';
import { CopyLine } from '../../parts/CopyLine';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago, Ahead } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';

const words = texts.settings.tokenTexts;
const more = texts.tokenMore;
const SCOPES: readonly Scope[] = ['owner', 'admin', 'drive', 'read'];
const DAYS = [0, 7, 30, 90, 365] as const;

export function TokensPage() {
  const tokens = useQuery(tokensQuery);
  return (
    <SettingsPart title={texts.settings.tokens} lead={words.lead}>
      <Stack>
        <CreateToken />
        {tokens.isPending && <Skeleton h={80} aria-label={texts.loading} />}
        {tokens.isError && <ProblemNote error={tokens.error} onRetry={() => void tokens.refetch()} />}
        {tokens.data && <TokenTable tokens={tokens.data.items} />}
      </Stack>
    </SettingsPart>
  );
}

function CreateToken() {
  const cache = useQueryClient();
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Scope>('owner');
  const [days, setDays] = useState(0);
  const creating = useMutation({
    mutationFn: () =>
      createToken({ name: name.trim(), scopes: [scope], expiresInDays: days === 0 ? undefined : days }),
    onSuccess: () => {
      setName('');
      void cache.invalidateQueries({ queryKey: keys.tokens });
    },
  });
  const errors = formErrors(creating.error, ['name'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creating.mutate();
  };
  return (
    <>
      <form onSubmit={submit}>
        <Group align="flex-end" gap="xs">
          <TextInput
            label={words.name}
            placeholder={words.namePlaceholder}
            required
            flex="1 1 200px"
            maw={340}
            value={name}
            error={errors.at.name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <NativeSelect
            label={more.scope}
            value={scope}
            data={SCOPES.map((one) => ({ value: one, label: more.scopes[one] }))}
            onChange={(event) => setScope(event.currentTarget.value as Scope)}
          />
          <NativeSelect
            label={more.expires}
            value={days}
            data={DAYS.map((count) => ({ value: String(count), label: more.lasting[count] ?? '' }))}
            onChange={(event) => setDays(Number(event.currentTarget.value))}
          />
          <Button type="submit" loading={creating.isPending} disabled={name.trim() === ''}>
            {words.create}
          </Button>
        </Group>
      </form>
      {errors.whole && <ProblemNote error={creating.error} />}
      {creating.data && (
        <Alert
          color="green"
          variant="light"
          icon={<KeyRound size={18} />}
          title={words.createdTitle(creating.data.name)}
        >
          <Text size="sm" mb={6}>
            {words.createdText}
          </Text>
          <CopyLine text={creating.data.token} label={words.createdTitle(creating.data.name)} />
        </Alert>
      )}
    </>
  );
}

function TokenTable({ tokens }: { tokens: Token[] }) {
  if (tokens.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {words.empty}
      </Text>
    );
  }
  return (
    <Table.ScrollContainer minWidth={640}>
      <Table verticalSpacing={7} fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.name}</Table.Th>
            <Table.Th>{words.created}</Table.Th>
            <Table.Th>{words.lastUsed}</Table.Th>
            <Table.Th>{more.scope}</Table.Th>
            <Table.Th>{more.expires}</Table.Th>
            <Table.Th />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map((token) => (
            <TokenRow key={token.id} token={token} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function TokenRow({ token }: { token: Token }) {
  const cache = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  const revoking = useMutation({
    mutationFn: () => revokeToken(token.id),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.tokens }),
  });
  return (
    <Table.Tr>
      <Table.Td>{token.name}</Table.Td>
      <Table.Td>
        <Ago moment={token.createdAt} />
      </Table.Td>
      <Table.Td>{token.lastUsedAt ? <Ago moment={token.lastUsedAt} /> : words.never}</Table.Td>
      <Table.Td>{token.scopes.map((scope) => more.scopes[scope]).join(', ')}</Table.Td>
      <Table.Td>{token.expiresAt ? <Ahead moment={token.expiresAt} /> : more.never}</Table.Td>
      <Table.Td ta="right">
        <Tooltip label={words.revoke}>
          <ActionIcon
            variant="subtle"
            color="red"
            aria-label={`${words.revoke} ${token.name}`}
            onClick={() => setIsAsking(true)}
          >
            <Trash2 size={16} />
          </ActionIcon>
        </Tooltip>
        <Modal opened={isAsking} onClose={() => setIsAsking(false)} title={words.revokeTitle(token.name)}>
          <Stack ta="left">
            <Text size="sm">{words.revokeText}</Text>
            {revoking.isError && <ProblemNote error={revoking.error} />}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={() => setIsAsking(false)} data-autofocus>
                {texts.cancel}
              </Button>
              <Button color="red" loading={revoking.isPending} onClick={() => revoking.mutate()}>
                {words.revoke}
              </Button>
            </Group>
          </Stack>
        </Modal>
      </Table.Td>
    </Table.Tr>
  );
}
