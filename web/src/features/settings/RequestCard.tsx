/** Owns one request for access: what it says, what it is granted, approve and deny. Must not show the key. */
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { approveAgent, denyAgent } from '../../api/client';
import type { Permission } from '../../api/doing';
import { keys } from '../../api/queries';
import type { PendingAgent } from '../../api/shapes';
import { PermissionMatrix } from '../../parts/PermissionMatrix';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';

const words = texts.access;

/** A key that was just made, and whose it is. */
export interface NewKey {
  name: string;
  key: string;
}

interface RequestCardProps {
  asking: PendingAgent;
  /** The card goes with its request: the key is shown by whoever stays. */
  onApproved: (made: NewKey) => void;
}

export function RequestCard({ asking, onApproved }: RequestCardProps) {
  const cache = useQueryClient();
  const [granted, setGranted] = useState<Permission[]>([...(asking.requestedPermissions ?? [])]);
  const [isDenying, denying] = useDisclosure(false);
  const reread = () => void cache.invalidateQueries({ queryKey: keys.access });
  const approving = useMutation({
    mutationFn: async () => {
      const approved = await approveAgent(asking.id, granted);
      onApproved({ name: asking.name, key: approved.mcpApiKey });
      reread();
    },
  });
  return (
    <Stack component="article" aria-label={asking.name} className="surface" gap="xs" p="sm">
      <Group gap="xs" align="baseline">
        <Text fw={600}>{asking.name}</Text>
        <Text size="xs" c="dimmed" className="mono">
          {asking.id}
        </Text>
        <Text size="xs" c="dimmed">
          {words.asked} <Ago moment={asking.requestedAt} />
        </Text>
      </Group>
      {[asking.description, asking.justification, asking.endpoint].filter(Boolean).map((said) => (
        <Text key={said} size="sm" style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
          {said}
        </Text>
      ))}
      {asking.decision && (
        <Text size="xs" c="dimmed">
          {words.decidedBy(words.states[asking.decision.access], asking.decision.by.name)}
          {asking.decision.reason && ` · ${asking.decision.reason}`}
        </Text>
      )}
      <PermissionMatrix value={granted} onChange={setGranted} />
      {approving.isError && <ProblemNote error={approving.error} />}
      <Group gap="xs">
        <Button size="xs" loading={approving.isPending} onClick={() => approving.mutate()}>
          {words.approve}
        </Button>
        <Button size="xs" variant="default" onClick={denying.open}>
          {words.deny}
        </Button>
      </Group>
      {isDenying && <DenyDialog asking={asking} onClose={denying.close} onDenied={reread} />}
    </Stack>
  );
}

interface DenyDialogProps {
  asking: PendingAgent;
  onClose: () => void;
  onDenied: () => void;
}

function DenyDialog({ asking, onClose, onDenied }: DenyDialogProps) {
  const [reason, setReason] = useState('');
  const denying = useMutation({ mutationFn: () => denyAgent(asking.id, reason), onSuccess: onDenied });
  return (
    <Modal opened onClose={onClose} title={`${words.deny} ${asking.name}`}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          denying.mutate();
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
          {denying.isError && <ProblemNote error={denying.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" color="red" loading={denying.isPending}>
              {words.deny}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
