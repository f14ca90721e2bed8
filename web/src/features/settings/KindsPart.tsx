/** Owns Agent kinds: what can be spawned, and what it still needs. Must not spawn. */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { typesQuery } from '../../api/queries';
import type { AgentTypeStatus } from '../../api/shapes';
import { InstallControl } from '../../parts/InstallControl';
import { CredentialBadge, InstalledBadge, kindName, KindVersion } from '../../parts/KindStanding';
import { texts } from '../../texts';
import { ListPart, ListRow } from './ListPart';

const words = texts.kinds;

export function KindsPart() {
  const types = useQuery(typesQuery);
  return (
    <ListPart
      title={words.title}
      lead={words.lead}
      asked={types}
      rows={({ items }) => items.map((kind) => <KindRow key={kind.type} kind={kind} />)}
    />
  );
}

function KindRow({ kind }: { kind: AgentTypeStatus }) {
  return (
    <ListRow
      name={kindName(kind)}
      about={<KindVersion kind={kind} />}
      end={
        <>
          <CredentialBadge kind={kind} />
          <InstalledBadge kind={kind} />
        </>
      }
    >
      {kind.path && (
        <Text size="xs" c="dimmed" className="mono" style={{ overflowWrap: 'anywhere' }}>
          {kind.path}
        </Text>
      )}
      <InstallControl kind={kind} />
    </ListRow>
  );
}
