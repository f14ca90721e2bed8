/** Owns invites of outside agents: make one, see its token once, revoke it. Must not keep a token's text. */
import { Alert, Button, Group, Modal, NumberInput, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { createAgentInvite, revokeAgentInvite } from '../../api/client';
import type { Permission } from '../../api/doing';
import { agentInvitesQuery, keys } from '../../api/queries';
import type { AgentInvite } from '../../api/shapes';
import { Registering } from '../../parts/Connecting';
import { CopyLine } from '../../parts/CopyLine';
import { formErrors } from '../../parts/field-errors';
import { PermissionMatrix } from '../../parts/PermissionMatrix';
import { ofPreset } from '../../parts/permissions';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { SettingsPart } from './SettingsLayout';

const words = texts.access;
const DAY_MS = 24 * 60 * 60 * 1000;
const FIELDS = ['name', 'usesRemaining', 'expiresAt'] as const;

export function InvitesPart() {
  const invites = useQuery(agentInvitesQuery);
  const [isMaking, { open, close }] = useDisclosure(false);
  return (
    <SettingsPart title={words.invites} lead={words.invitesLead}>
      <Stack gap="sm">
        <Button size="xs" w="fit-content" onClick={open}>
          {words.newInvite}
        </Button>
        {invites.isPending && <Skeleton h={60} aria-label={texts.loading} />}
        {invites.isError && <ProblemNote error={invites.error} onRetry={() => void invites.refetch()} />}
        {invites.data?.items.length === 0 && (
          <Text size="sm" c="dimmed">
            {words.noInvites}
          </Text>
        )}
        {invites.data?.items.map((invite) => (
          <InviteRow key={invite.id} invite={invite} />
        ))}
      </Stack>
      {isMaking && <NewInviteDialog onClose={close} />}
    </SettingsPart>
  );
}

function InviteRow({ invite }: { invite: AgentInvite }) {
  const cache = useQueryClient();
  const revoking = useMutation({
    mutationFn: () => revokeAgentInvite(invite.id),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.invites }),
  });
  return (
    <Stack gap={2} component="article" aria-label={invite.name}>
      <Group justify="space-between" gap="xs">
        <Text size="sm">
          {invite.name}{' '}
          <Text span inherit c="dimmed">
            {words.inviteStates[invite.state]} · {words.used(invite.uses, invite.usesRemaining)} ·{' '}
            {words.count(invite.permissions.length)} · <Ago moment={invite.createdAt} />
          </Text>
        </Text>
        {invite.state === 'active' && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            loading={revoking.isPending}
            aria-label={`${words.revokeInvite} ${invite.name}`}
            onClick={() => revoking.mutate()}
          >
            {words.revokeInvite}
          </Button>
        )}
      </Group>
      {revoking.isError && <ProblemNote error={revoking.error} />}
    </Stack>
  );
}

function NewInviteDialog({ onClose }: { onClose: () => void }) {
  const cache = useQueryClient();
  const [name, setName] = useState('');
  const [uses, setUses] = useState<number | string>(1);
  const [days, setDays] = useState<number | string>(7);
  const [permissions, setPermissions] = useState<Permission[]>(ofPreset('readOnly'));
  const making = useMutation({
    mutationFn: () =>
      createAgentInvite({
        name: name.trim(),
        permissions,
        usesRemaining: uses === '' ? null : Number(uses),
        expiresAt: days === '' ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
      }),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.invites }),
  });
  const errors = formErrors(making.error, FIELDS);
  return (
    <Modal opened onClose={onClose} title={words.newInvite} size="lg">
      {making.data ? (
        <Stack>
          <Alert color="green" variant="light" title={words.token(making.data.name)}>
            <Text size="sm" mb={6}>
              {words.tokenText}
            </Text>
            <CopyLine text={making.data.token} label={words.token(making.data.name)} />
          </Alert>
          <Registering token={making.data.token} />
          <Button ml="auto" onClick={onClose}>
            {words.close}
          </Button>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            making.mutate();
          }}
        >
          <Stack>
            <TextInput
              label={words.inviteName}
              data-autofocus
              required
              value={name}
              error={errors.at.name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Group grow align="flex-start">
              <NumberInput
                label={words.inviteUses}
                description={words.inviteUsesHint}
                value={uses}
                error={errors.at.usesRemaining}
                onChange={setUses}
              />
              <NumberInput
                label={words.inviteDays}
                description={words.inviteDaysHint}
                value={days}
                error={errors.at.expiresAt}
                onChange={setDays}
              />
            </Group>
            <PermissionMatrix value={permissions} onChange={setPermissions} />
            {errors.whole && <ProblemNote error={making.error} />}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={onClose}>
                {texts.cancel}
              </Button>
              <Button type="submit" disabled={name.trim() === ''} loading={making.isPending}>
                {words.newInvite}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
