/** Owns one entry in full: origin, before and after, and the way to its moment in a recording. Must not change anything. */
import { Anchor, Button, Drawer, Stack, Table, Text, Title } from '@mantine/core';
import { Clapperboard } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import type { AuditEntry } from '../../api/shapes';
import { absolute } from '../../parts/time';
import { texts } from '../../texts';
import { differences } from './difference';
import classes from './audit.module.css';

const words = texts.audit;

export function EntryDrawer({ entry, onClose }: { entry: AuditEntry | null; onClose: () => void }) {
  return (
    <Drawer
      opened={entry !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={entry && <span className="mono">{entry.action}</span>}
    >
      {entry && <Full entry={entry} />}
    </Drawer>
  );
}

function Full({ entry }: { entry: AuditEntry }) {
  const { facts } = words;
  const { target, moment } = entry;
  return (
    <Stack gap="md">
      <dl className={classes.facts}>
        <Fact name={facts.at}>{absolute(entry.at)}</Fact>
        <Fact name={facts.actor}>
          {entry.actor.name} <Text span size="xs" c="dimmed">{`${entry.actor.kind} ${entry.actor.id}`}</Text>
        </Fact>
        <Fact name={facts.target}>
          {target.name ?? target.kind} <Text span size="xs" c="dimmed">{`${target.kind} ${target.id}`}</Text>
        </Fact>
        {entry.agentId && (
          <Fact name={facts.agent}>
            <Anchor component={Link} to={`/agents/${entry.agentId}`} size="sm">
              {entry.agentId}
            </Anchor>
          </Fact>
        )}
        <Fact name={facts.outcome}>{words.outcome[entry.outcome]}</Fact>
        <Fact name={facts.address}>{entry.address ?? words.unknownAddress}</Fact>
        {entry.requestId && (
          <Fact name={facts.request}>
            <Anchor component={Link} to={`?request=${encodeURIComponent(entry.requestId)}`} size="sm">
              {entry.requestId}
            </Anchor>
          </Fact>
        )}
        <Fact name={facts.link}>
          <span className={classes.value}>{`#${entry.seq} ${entry.link}`}</span>
        </Fact>
      </dl>
      {moment && (
        <Button
          component={Link}
          to={`/recordings/${moment.sessionId}?t=${Math.floor(moment.offsetMs / 1000)}`}
          variant="default"
          w="fit-content"
          leftSection={<Clapperboard size={16} aria-hidden />}
        >
          {words.moment}
        </Button>
      )}
      <Changes entry={entry} />
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Changes({ entry }: { entry: AuditEntry }) {
  const found = differences(entry.before, entry.after);
  const nothing = entry.detailExpired ? words.expired : words.noChanges;
  return (
    <section aria-label={words.changes}>
      <Title order={3} size="h5" mb={6}>
        {words.changes}
      </Title>
      {found.length === 0 ? (
        <Text size="sm" c="dimmed">
          {nothing}
        </Text>
      ) : (
        <Table fz="sm" verticalSpacing={5} layout="fixed">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{words.field}</Table.Th>
              <Table.Th>{words.before}</Table.Th>
              <Table.Th>{words.after}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {found.map(({ field, before, after, isChanged }) => (
              <Table.Tr key={field} c={isChanged ? undefined : 'dimmed'}>
                <Table.Td className={classes.value}>{field}</Table.Td>
                <Table.Td className={classes.value}>
                  <span className={isChanged ? classes.removed : undefined}>{before}</span>
                </Table.Td>
                <Table.Td className={classes.value}>
                  <span className={isChanged ? classes.added : undefined}>{after}</span>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </section>
  );
}
