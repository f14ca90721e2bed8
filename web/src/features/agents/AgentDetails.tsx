/** Owns the facts about an agent, as a table. Must not know how they change. */
import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

import type { Agent } from '../../api/shapes';
import { CopyMark } from '../../parts/CopyLine';
import { Ago } from '../../parts/RelativeTime';
import { TerminalMark } from '../../parts/StatusMark';
import { texts } from '../../texts';
import { costWords, tokens, turnWords } from './turnWords';

const words = texts.details;
const used = texts.usage;

export function AgentDetails({ agent }: { agent: Agent }) {
  const moment = (value: string | null | undefined) => (value ? <Ago moment={value} /> : null);
  const rows: [string, ReactNode][] = [
    [words.id, <Copied key="id" text={agent.id} />],
    [words.type, agent.type],
    [texts.usage.version, agent.version],
    [words.evidence, agent.evidence],
    [texts.usage.branch, agent.branch && <Copied text={agent.branch} />],
    ...usageRows(agent),
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
          .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
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

/** What it has used, as far as its program tells. */
function usageRows(agent: Agent): [string, ReactNode][] {
  const { usage, turn } = agent;
  const known = (count: number | null | undefined) => (typeof count === 'number' ? count : undefined);
  const [sent, cached] = [known(usage?.inputTokens), known(usage?.cachedTokens)];
  const answered = known(usage?.outputTokens);
  const cost = costWords(usage);
  const left = known(usage?.contextLeftPercent);
  const sentWords = sent !== undefined && tokens(sent);
  return [
    [used.model, usage?.model],
    [used.input, sentWords && (cached ? used.cached(sentWords, tokens(cached)) : sentWords)],
    [used.output, answered !== undefined && tokens(answered)],
    [used.cost, cost && <span title={usage?.costIsEstimate ? used.costHint : undefined}>{cost}</span>],
    [used.context, left !== undefined && `${left} %`],
    [used.turn, turn?.endedAt && turnWords(turn, 0)],
  ];
}

function Copied({ text }: { text: string }) {
  return (
    <span className="mono">
      {text} <CopyMark text={text} />
    </span>
  );
}
