/** Owns the list of signed checkpoints and the key that checks them. Must not know where they are delivered. */
import { Button, Skeleton, Stack, Table, Text, Title } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { makeCheckpoint } from '../../api/client';
import { auditKeyQuery, checkpointsQuery, keys } from '../../api/queries';
import type { Checkpoint } from '../../api/shapes';
import { CopyLine } from '../../parts/CopyLine';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import classes from './audit.module.css';

const words = texts.audit.checkpoints;
// Older ones are in the export.
const SHOWN = 5;

export function CheckpointsPart() {
  const cache = useQueryClient();
  const made = useQuery(checkpointsQuery);
  const making = useMutation({
    mutationFn: makeCheckpoint,
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: keys.checkpoints });
      void cache.invalidateQueries({ queryKey: keys.audit });
    },
  });
  return (
    <Stack gap="sm">
      <Button
        size="xs"
        w="fit-content"
        variant="default"
        loading={making.isPending}
        onClick={() => making.mutate()}
      >
        {words.make}
      </Button>
      {making.isError && <ProblemNote error={making.error} />}
      {made.isPending && <Skeleton h={90} aria-label={texts.loading} />}
      {made.isError && !made.data && <ProblemNote error={made.error} onRetry={() => void made.refetch()} />}
      {made.data && <Made checkpoints={made.data.items.slice(0, SHOWN)} />}
      <Key />
    </Stack>
  );
}

function Made({ checkpoints }: { checkpoints: Checkpoint[] }) {
  if (checkpoints.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {words.none}
      </Text>
    );
  }
  return (
    <Table fz="sm" verticalSpacing={5} layout="fixed" aria-label={words.title}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th w={110}>{words.at}</Table.Th>
          <Table.Th w={80}>{words.seq}</Table.Th>
          <Table.Th>{words.link}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {checkpoints.map((checkpoint) => (
          <Table.Tr key={`${checkpoint.seq} ${checkpoint.at}`}>
            <Table.Td>
              <Text size="xs" c="dimmed">
                <Ago moment={checkpoint.at} />
              </Text>
            </Table.Td>
            <Table.Td>#{checkpoint.seq}</Table.Td>
            <Table.Td className={classes.value}>{checkpoint.link}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Key() {
  const key = useQuery(auditKeyQuery);
  if (!key.data) return null;
  return (
    <div>
      <Title order={3} size="h5">
        {words.key}
      </Title>
      <Text size="xs" c="dimmed" mb={6}>
        {words.keyText}
      </Text>
      <CopyLine text={key.data.publicKey} label={words.key} />
    </div>
  );
}
