/** Owns Settings → Agents: hosting, the runtime's status, its kinds and keys, and the way to spawning. Must not know how agents run. */
import { Button, Group, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useSearchParams } from 'react-router';

import { settingsQuery } from '../../api/queries';
import { ProblemNote } from '../../parts/ProblemNote';
import { isAdmin, mayRunAgents, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { HostingForm } from './HostingForm';
import { KindsPart } from './KindsPart';
import { ProviderKeysPart } from './ProviderKeysPart';
import { RuntimeStatusPart } from './RuntimeStatusPart';
import { SettingsPart } from './SettingsLayout';

export function AgentSettingsPage() {
  const settings = useQuery(settingsQuery);
  const [, setParams] = useSearchParams();
  const me = useMe();
  if (settings.isPending) return <Skeleton h={320} aria-label={texts.loading} />;
  if (!settings.data) return <ProblemNote error={settings.error} onRetry={() => void settings.refetch()} />;
  return (
    <>
      {mayRunAgents(me) && (
        <SettingsPart title={texts.spawn.title} lead={texts.settings.spawnLead}>
          <Group>
            <Button leftSection={<Plus size={16} aria-hidden />} onClick={() => setParams({ spawn: '1' })}>
              {texts.spawn.title}
            </Button>
          </Group>
        </SettingsPart>
      )}
      <HostingForm settings={settings.data} />
      <RuntimeStatusPart settings={settings.data} />
      <KindsPart />
      {isAdmin(me) && <ProviderKeysPart />}
    </>
  );
}
