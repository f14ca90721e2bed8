/** Owns what an agent may do, as its page shows it: its permissions, its key, the end of its access. */
import { Alert, Button, Group, Modal, Stack, Text, TextInput, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { KeyRound, ShieldX } from 'lucide-react';
import { useState } from 'react';

import { revokeAgent, rotateAgentKey, setPermissions } from '../../api/client';
import type { Permission } from '../../api/doing';
import { keys } from '../../api/queries';
import type { Agent } from '../../api/shapes';
import { putAgent } from '../../live/events';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { Connecting } from '../../parts/Connecting';
import { CopyLine } from '../../parts/CopyLine';
import { isAdmin, useMe } from '../../parts/me';
import { PermissionMatrix } from '../../parts/PermissionMatrix';
import { isSameChoice } from '../../parts/permissions';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.access;

export function PermissionsTab({ agent }: { agent: Agent }) {
  const mayChange = isAdmin(useMe()) && agent.access === 'approved';
  return (
    <Stack gap="lg" maw={720}>
      <Standing agent={agent} />
      <PermissionsForm agent={agent} mayChange={mayChange} />
      {mayChange && agent.origin === 'external' && <RotateKey agent={agent} />}
      {mayChange && <RevokePart agent={agent} />}
    </Stack>
  );
}

/** How it stands with its access, where there is something to say. */
function Standing({ agent }: { agent: Agent }) {
  const me = useMe();
  const { decision } = agent;
  const said = [
    decision && words.decidedBy(words.states[decision.access], decision.by.name),
    agent.invite?.name,
    decision?.reason,
  ];
  const detail = said.filter(Boolean).join(' · ');
  return (
    <Stack gap={6}>
      {agent.access === 'revoked' && (
        <Alert color="red" variant="light" icon={<ShieldX size={18} />} title={words.isRevoked}>
          {detail}
        </Alert>
      )}
      {agent.access !== 'revoked' && detail && (
        <Text size="sm" c="dimmed">
          {detail}
        </Text>
      )}
      {!isAdmin(me) && (
        <Text size="sm" c="dimmed">
          {words.adminsOnly}
        </Text>
      )}
    </Stack>
  );
}

function PermissionsForm({ agent, mayChange }: { agent: Agent; mayChange: boolean }) {
  const cache = useQueryClient();
  const [edited, setEdited] = useState<Permission[] | null>(null);
  const chosen = edited ?? agent.permissions;
  const hasChanges = !isSameChoice(chosen, agent.permissions);
  const saving = useMutation({
    mutationFn: () => setPermissions(agent.id, [...chosen]),
    onSuccess: (saved) => {
      putAgent(cache, saved);
      setEdited(null);
    },
  });
  return (
    <section className="surface" style={{ padding: 16 }} aria-label={words.permissions}>
      <Stack gap="sm">
        <Title order={2}>{words.permissions}</Title>
        <Text size="sm" c="dimmed">
          {words.lead}
        </Text>
        <PermissionMatrix value={chosen} isReadOnly={!mayChange} onChange={setEdited} />
        {saving.isError && <ProblemNote error={saving.error} />}
        {mayChange && (
          <Group gap="sm">
            <Button disabled={!hasChanges} loading={saving.isPending} onClick={() => saving.mutate()}>
              {texts.save}
            </Button>
            <Text size="sm" c="dimmed" role="status">
              {hasChanges ? words.unsaved : saving.isSuccess && texts.saved}
            </Text>
          </Group>
        )}
      </Stack>
    </section>
  );
}

function RotateKey({ agent }: { agent: Agent }) {
  const [isAsking, { open, close }] = useDisclosure(false);
  const rotating = useMutation({ mutationFn: () => rotateAgentKey(agent.id), onSuccess: close });
  return (
    <section className="surface" style={{ padding: 16 }} aria-label={words.rotate}>
      <Stack gap="sm">
        <Text size="sm">{words.rotateText}</Text>
        <Button
          variant="default"
          w="fit-content"
          leftSection={<KeyRound size={15} aria-hidden />}
          onClick={open}
        >
          {words.rotate}
        </Button>
        <ConfirmDialog
          title={words.rotateTitle(agent.name)}
          text={words.rotateText}
          action={words.rotate}
          doing={rotating}
          isOpen={isAsking}
          onClose={close}
        />
        {rotating.data && (
          <Alert color="green" variant="light" title={words.newKey(agent.name)}>
            <Text size="sm" mb={6}>
              {words.newKeyText}
            </Text>
            <CopyLine text={rotating.data.mcpApiKey} label={words.newKey(agent.name)} />
          </Alert>
        )}
        {rotating.data && <Connecting />}
      </Stack>
    </section>
  );
}

function RevokePart({ agent }: { agent: Agent }) {
  const [isAsking, { open, close }] = useDisclosure(false);
  return (
    <section
      className="surface"
      style={{ padding: 16, borderColor: 'var(--raven-failure)' }}
      aria-label={words.danger}
    >
      <Stack gap="sm">
        <Title order={2}>{words.danger}</Title>
        <Text size="sm">{words.dangerText}</Text>
        <Button color="red" variant="outline" w="fit-content" onClick={open}>
          {words.revoke}
        </Button>
      </Stack>
      {isAsking && <RevokeDialog agent={agent} onClose={close} />}
    </section>
  );
}

function RevokeDialog({ agent, onClose }: { agent: Agent; onClose: () => void }) {
  const cache = useQueryClient();
  const [reason, setReason] = useState('');
  const [name, setName] = useState('');
  const revoking = useMutation({
    mutationFn: () => revokeAgent(agent.id, reason),
    onSuccess: (revoked) => {
      putAgent(cache, revoked);
      void cache.invalidateQueries({ queryKey: keys.access });
      onClose();
    },
  });
  return (
    <Modal opened onClose={onClose} title={words.revokeTitle(agent.name)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name === agent.name) revoking.mutate();
        }}
      >
        <Stack>
          <TextInput
            label={words.reason}
            data-autofocus
            maxLength={500}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
          <TextInput
            label={words.typeName(agent.name)}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {revoking.isError && <ProblemNote error={revoking.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" color="red" disabled={name !== agent.name} loading={revoking.isPending}>
              {words.revoke}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
