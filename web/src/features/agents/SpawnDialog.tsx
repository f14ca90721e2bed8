/** Owns the spawn dialog: fill in, check, send, keep what was typed. Must not know the page behind it. */
import { Anchor, Button, Group, Kbd, Modal, Stack, Text } from '@mantine/core';
import { getHotkeyHandler } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import { spawn } from '../../api/client';
import { keys, typesQuery } from '../../api/queries';
import type { Approval } from '../../api/shapes';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { mayRunAgents, useMe } from '../../parts/me';
import { texts } from '../../texts';
import {
  CUSTOM,
  recalledForm,
  recalledType,
  rememberForm,
  SPAWN_FIELDS,
  toRequest,
  validate,
  type SpawnForm,
} from './spawnForm';
import { SpawnFields } from './SpawnFields';
import { TypeChoice } from './TypeChoice';

const CODES: Record<string, (typeof SPAWN_FIELDS)[number]> = { UNKNOWN_AGENT_TYPE: 'agentType' };

interface SpawnDialogProps {
  onClose: () => void;
  onSpawned: () => void;
}

/** Mounted while it is open, so that each opening starts from what was last chosen. */
export default function SpawnDialog({ onClose, onSpawned }: SpawnDialogProps) {
  return (
    <Modal opened onClose={onClose} title={texts.spawn.title} size="lg">
      {mayRunAgents(useMe()) ? (
        <SpawnContents onClose={onClose} onSpawned={onSpawned} />
      ) : (
        <Text size="sm">{texts.spawn.denied}</Text>
      )}
    </Modal>
  );
}

/** Nothing was spawned yet: says who decides, and leads there. */
function waitsForApproval(approval: Approval) {
  notifications.show({
    color: 'yellow',
    title: texts.approvals.waits,
    message: <Anchor href={`/approvals?id=${approval.id}`}>{texts.approvals.see}</Anchor>,
    autoClose: 15_000,
  });
}

function useSpawn(onSpawned: () => void) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (form: SpawnForm) => spawn(toRequest(form)),
    onSuccess: (answer, form) => {
      rememberForm(form);
      void cache.invalidateQueries({ queryKey: keys.agents });
      if ('approval' in answer) {
        waitsForApproval(answer.approval);
        return onSpawned();
      }
      const failed = answer.errors?.length ?? 0;
      if (failed > 0) notifications.show({ color: 'orange', message: texts.spawn.someFailed(failed) });
      onSpawned();
    },
  });
}

function SpawnContents({ onClose, onSpawned }: SpawnDialogProps) {
  const types = useQuery(typesQuery);
  const [form, setForm] = useState(() => recalledForm(recalledType() ?? CUSTOM));
  const attempt = useSpawn(onSpawned);
  const refused = formErrors(attempt.error, SPAWN_FIELDS, CODES);
  const wrong = validate(form);
  const isMissing =
    types.data?.items.some((kind) => kind.type === form.agentType && (!kind.installed || kind.installing)) ??
    false;
  const canSend = Object.keys(wrong).length === 0 && !isMissing && !attempt.isPending;

  const change = (part: Partial<SpawnForm>) => {
    if (attempt.isError) attempt.reset();
    setForm((known) => ({ ...known, ...part }));
  };
  const send = (event?: FormEvent | KeyboardEvent) => {
    event?.preventDefault();
    if (canSend) attempt.mutate(form);
  };
  return (
    <form onSubmit={send} onKeyDown={getHotkeyHandler([['mod+Enter', () => send()]])}>
      <Stack gap="md">
        <TypeChoice
          value={form.agentType}
          error={refused.at.agentType}
          onChange={(agentType) => change({ ...recalledForm(agentType), name: form.name, work: form.work })}
        />
        <SpawnFields form={form} errors={{ ...refused.at, ...wrong }} onChange={change} />
        {refused.whole && <ProblemNote error={attempt.error} />}
        <Group justify="space-between">
          <Text size="xs" c="dimmed" visibleFrom="xs">
            <Kbd size="xs">Ctrl</Kbd> <Kbd size="xs">Enter</Kbd> {texts.spawn.shortcut}
          </Text>
          <Group gap="xs" ml="auto">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" loading={attempt.isPending} disabled={!canSend}>
              {texts.spawn.action}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
