/** Owns Settings → Policies: whose rules, and who may change them. Must not know how a rule is edited. */
import { Select, Skeleton, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { agentsQuery, policyQuery } from '../../api/queries';
import { isAdmin, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { hasEnded } from '../../parts/states';
import { texts } from '../../texts';
import { PolicyEditor } from './PolicyEditor';
import { ReadOnlyNote, SettingsPart } from './SettingsLayout';

const words = texts.policies;
const WORKSPACE = '';

export function PoliciesPage() {
  const isAllowed = isAdmin(useMe());
  return (
    <SettingsPart title={words.title} lead={words.lead}>
      {isAllowed ? <Policies /> : <ReadOnlyNote reason={words.denied} />}
    </SettingsPart>
  );
}

function Policies() {
  const [scope, setScope] = useState(WORKSPACE);
  const agents = (useQuery(agentsQuery).data ?? []).filter((agent) => !hasEnded(agent));
  const agentId = scope === WORKSPACE ? null : scope;
  const policy = useQuery(policyQuery(agentId));
  return (
    <Stack>
      <Select
        label={words.scope}
        maw={340}
        allowDeselect={false}
        value={scope}
        onChange={(next) => setScope(next ?? WORKSPACE)}
        data={[
          { value: WORKSPACE, label: words.workspace },
          ...agents.map((agent) => ({ value: agent.id, label: agent.name })),
        ]}
      />
      {policy.isPending && <Skeleton h={160} aria-label={texts.loading} />}
      {policy.isError && !policy.data && (
        <ProblemNote error={policy.error} onRetry={() => void policy.refetch()} />
      )}
      {policy.data && (
        <PolicyEditor key={`${scope} ${policy.data.version}`} agentId={agentId} policy={policy.data} />
      )}
    </Stack>
  );
}
