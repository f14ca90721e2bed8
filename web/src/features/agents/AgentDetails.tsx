/** Owns the facts about an agent, as a table. Must not know how they change. */
import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Agent } from '../../api/shapes';
import { CopyMark } from '../../parts/CopyLine';
import { Ago } from '../../parts/RelativeTime';
import { TerminalMark } from '../../parts/StatusMark';
import { texts } from '../../texts';

const words = texts.details;

export function AgentDetails({ agent }: { agent: Agent }) {
  const moment = (value: string | null | undefined) => (value ? <Ago moment={value} /> : null);
  const rows: [string, ReactNode][] = [
    [words.id, <Copied key="id" text={agent.id} />],
    [words.type, agent.type],
    [words.evidence, agent.evidence],
    [words.cwd, agent.cwd && <Copied text={agent.cwd} />],
    [words.pid, agent.pid],
    [words.exitCode, agent.exitCode],
    [words.capabilities, agent.capabilities.join(', ')],
    [words.spawnedBy, agent.spawnedBy?.name],
    [words.createdAt, moment(agent.createdAt)],
    [words.startedAt, moment(agent.startedAt)],
    [words.lastActivityAt, moment(agent.lastActivityAt)],
    [words.endedAt, moment(agent.endedAt)],
    [words.session, agent.session && <Copied text={agent.session.id} />],
    [words.sessionStatus, agent.session && <TerminalMark status={agent.session.status} />],
    [words.size, agent.session && `${agent.session.cols}×${agent.session.rows}`],
  ];
  return (
    <Table maw={760} verticalSpacing={7} fz="sm">
      <Table.Tbody>
        {rows
          .filter(([, value]) => value !== null && value !== undefined && value !== '')
          .map(([label, value]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row" fw={500} c="dimmed" w={170}>
                {label}
              </Table.Th>
              <Table.Td style={{ overflowWrap: 'anywhere' }}>{value}</Table.Td>
            </Table.Tr>
          ))}
      </Table.Tbody>
    </Table>
  );
}

function Copied({ text }: { text: string }) {
  return (
    <span className="mono">
      {text} <CopyMark text={text} />
    </span>
  );
}
