/** Owns asking for a check of the log, and saying what came of each chain. Must not check anything itself. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { ShieldAlert, ShieldCheck } from 'lucide-react';

import { verifyAudit } from '../../api/client';
import type { ChainVerdict } from '../../api/shapes';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';

const words = texts.audit.check;

export function CheckPart() {
  const checking = useMutation({ mutationFn: verifyAudit });
  const found = checking.data;
  return (
    <Stack gap="sm" aria-live="polite">
      <Group gap="sm">
        <Button size="xs" loading={checking.isPending} onClick={() => checking.mutate()}>
          {words.run}
        </Button>
        {found && (
          <Text size="xs" c="dimmed">
            {words.checked} <Ago moment={found.checkedAt} />
          </Text>
        )}
      </Group>
      {checking.isError && <ProblemNote error={checking.error} />}
      {found && (
        <Alert
          variant="light"
          color={found.good ? 'green' : 'red'}
          icon={found.good ? <ShieldCheck size={18} /> : <ShieldAlert size={18} />}
          title={found.good ? words.good : words.bad}
        >
          <Stack gap={8}>
            {found.chains.map((chain) => (
              <Chain key={chain.chain} chain={chain} />
            ))}
          </Stack>
        </Alert>
      )}
    </Stack>
  );
}

function Chain({ chain }: { chain: ChainVerdict }) {
  const name = chain.chain === 'server' ? words.server : words.own;
  return (
    <div>
      <Text size="sm">
        {name}: {words.counts(chain.entries, chain.checkpoints, chain.anchors)}
      </Text>
      {chain.findings.map((finding) => (
        <Text
          key={`${finding.fault}${finding.seq}${finding.what}`}
          size="sm"
          c="var(--raven-failure)"
          style={{ overflowWrap: 'anywhere' }}
        >
          {finding.seq ? `#${finding.seq}: ` : ''}
          {finding.what}
        </Text>
      ))}
      {chain.moreFindings > 0 && <Text size="sm">{words.more(chain.moreFindings)}</Text>}
      {chain.unchecked.map((what) => (
        <Text key={what} size="xs" c="dimmed">
          {words.unchecked}: {what}
        </Text>
      ))}
    </div>
  );
}
