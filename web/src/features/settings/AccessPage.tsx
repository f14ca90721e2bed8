/** Owns Settings → Access: who may ask to be let in, who asks, and who was. Must not know what an agent does. */
import {
  Alert,
  Anchor,
  Button,
  Group,
  Modal,
  NumberInput,
  Skeleton,
  Stack,
  Switch,
  Text,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Lock } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';

import { changeAgentSettings } from '../../api/client';
import { keys, outsideAgentsQuery, pendingAgentsQuery, settingsQuery } from '../../api/queries';
import type { AgentSettings } from '../../api/shapes';
import { CopyLine } from '../../parts/CopyLine';
import { EmptyState } from '../../parts/EmptyState';
import { formErrors } from '../../parts/field-errors';
import { isAdmin, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { InvitesPart } from './InvitesPart';
import { RequestCard, type NewKey } from './RequestCard';
import { SettingsForm } from './SettingsForm';
import { SettingsPart } from './SettingsLayout';

const words = texts.access;

export function AccessPage() {
  if (!isAdmin(useMe())) return <EmptyState icon={Lock} title={words.title} text={words.adminsOnly} />;
  return (
    <Stack gap="md">
      <RequestsPart />
      <OutsidersPart />
      <InvitesPart />
      <RulesPart />
    </Stack>
  );
}

function RequestsPart() {
  const pending = useQuery(pendingAgentsQuery);
  const [made, setMade] = useState<NewKey | null>(null);
  return (
    <SettingsPart title={words.requests} lead={words.requestsLead}>
      {pending.isPending && <Skeleton h={80} aria-label={texts.loading} />}
      {pending.isError && <ProblemNote error={pending.error} onRetry={() => void pending.refetch()} />}
      {pending.data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          {words.noRequests}
        </Text>
      )}
      <Stack gap="sm">
        {pending.data?.items.map((asking) => (
          <RequestCard key={asking.id} asking={asking} onApproved={setMade} />
        ))}
      </Stack>
      {made && <KeyDialog made={made} onClose={() => setMade(null)} />}
    </SettingsPart>
  );
}

/** Shows a key, this once. */
function KeyDialog({ made, onClose }: { made: NewKey; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={words.newKey(made.name)} closeOnClickOutside={false}>
      <Alert color="green" variant="light">
        <Text size="sm" mb={6}>
          {words.newKeyText}
        </Text>
        <CopyLine text={made.key} label={words.newKey(made.name)} />
      </Alert>
      <Group justify="flex-end" mt="sm">
        <Button onClick={onClose}>{words.close}</Button>
      </Group>
    </Modal>
  );
}

function OutsidersPart() {
  const outside = useQuery(outsideAgentsQuery);
  return (
    <SettingsPart title={words.outsiders} lead={words.outsidersLead}>
      {outside.isPending && <Skeleton h={40} aria-label={texts.loading} />}
      {outside.isError && <ProblemNote error={outside.error} onRetry={() => void outside.refetch()} />}
      {outside.data?.items.length === 0 && (
        <Text size="sm" c="dimmed">
          {words.noOutsiders}
        </Text>
      )}
      <Stack gap={6}>
        {outside.data?.items.map((agent) => (
          <Text key={agent.id} size="sm">
            <Anchor component={Link} to={`/agents/${agent.id}/permissions`} inherit>
              {agent.name}
            </Anchor>{' '}
            <Text span inherit c="dimmed">
              {words.states[agent.access]} · {words.count(agent.permissions.length)}
            </Text>
          </Text>
        ))}
      </Stack>
    </SettingsPart>
  );
}

function RulesPart() {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <Skeleton h={160} aria-label={texts.loading} />;
  if (!settings.data) return <ProblemNote error={settings.error} onRetry={() => void settings.refetch()} />;
  return <RulesForm settings={settings.data} />;
}

function RulesForm({ settings }: { settings: AgentSettings }) {
  const cache = useQueryClient();
  const [allow, setAllow] = useState<boolean | null>(null);
  const [most, setMost] = useState<number | string | null>(null);
  const form = {
    allowAccessRequests: allow ?? settings.allowAccessRequests,
    maxAgents: most ?? settings.maxAgents,
  };
  const isValid = typeof form.maxAgents === 'number' && form.maxAgents >= 1 && form.maxAgents <= 200;
  const saving = useMutation({
    mutationFn: () => changeAgentSettings({ ...form, maxAgents: Number(form.maxAgents) }),
    onSuccess: (saved) => {
      cache.setQueryData(keys.settings, saved);
      setAllow(null);
      setMost(null);
    },
  });
  const errors = formErrors(saving.error, ['allowAccessRequests', 'maxAgents'] as const);
  const hasChanges =
    form.allowAccessRequests !== settings.allowAccessRequests || form.maxAgents !== settings.maxAgents;
  return (
    <SettingsForm
      title={words.openTo}
      lead={words.openToLead}
      saving={saving}
      problem={errors.whole && saving.error}
      hasChanges={hasChanges}
      isValid={isValid}
    >
      <Switch
        label={words.allow}
        description={words.allowHint}
        checked={form.allowAccessRequests}
        onChange={(event) => setAllow(event.currentTarget.checked)}
      />
      <NumberInput
        label={words.maxAgents}
        description={words.maxAgentsHint}
        maw={240}
        allowDecimal={false}
        clampBehavior="none"
        value={form.maxAgents}
        error={errors.at.maxAgents ?? (isValid ? undefined : words.maxAgentsHint)}
        onChange={setMost}
      />
    </SettingsForm>
  );
}
