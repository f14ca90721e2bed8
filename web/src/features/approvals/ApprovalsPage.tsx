/** Owns the page of the queue: what waits, what was decided, and its keys. Must not know how a program's prompt looks. */
import { Anchor, Group, Kbd, SegmentedControl, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { Link, useSearchParams } from 'react-router';

import { approvalQuery, queueQuery } from '../../api/queries';
import type { Agent, QueueItem } from '../../api/shapes';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { ApprovalCard } from './ApprovalCard';
import { DecidedList } from './DecidedList';
import { QuestionCard } from './QuestionCard';
import classes from './approvals.module.css';
import { keyOf, nameOf } from './queueItems';
import { useDecisions, type Decisions } from './useDecisions';
import { useQueueKeys } from './useQueueKeys';

const words = texts.approvals;

/** How what an agent's program asks is shown; the shell fills it in. */
export type PromptSlot = (agent: Agent) => ReactNode;

export function ApprovalsPage({ prompt }: { prompt: PromptSlot }) {
  const [params, setParams] = useSearchParams();
  const isDecided = params.get('show') === 'decided';
  const show = (which: string) => setParams(which === 'decided' ? { show: which } : {}, { replace: true });
  return (
    <Stack gap="md" p={{ base: 'sm', sm: 'lg' }} className={classes.page}>
      <title>{texts.title(words.title)}</title>
      <Group justify="space-between" gap="sm">
        <Title order={1}>{words.title}</Title>
        <SegmentedControl
          size="xs"
          value={isDecided ? 'decided' : 'waiting'}
          onChange={show}
          data={[
            { value: 'waiting', label: words.waiting },
            { value: 'decided', label: words.decided },
          ]}
        />
      </Group>
      {isDecided ? <DecidedList /> : <Waiting prompt={prompt} linked={params.get('id')} />}
    </Stack>
  );
}

function Waiting({ prompt, linked }: { prompt: PromptSlot; linked: string | null }) {
  const queue = useQuery(queueQuery());
  const decisions = useDecisions('with keys');
  const items = queue.data?.items ?? [];
  const current = useQueueKeys(items, decisions, linked);
  if (queue.isPending) {
    return (
      <Stack gap="sm" aria-busy aria-label={texts.loading}>
        {[1, 2, 3].map((row) => (
          <Skeleton key={row} h={110} />
        ))}
      </Stack>
    );
  }
  if (queue.isError && !queue.data)
    return <ProblemNote error={queue.error} onRetry={() => void queue.refetch()} />;
  const isThere = items.some((item) => keyOf(item) === linked);
  return (
    <>
      <Group justify="space-between" gap="xs">
        {items.length > 0 && <Keys />}
        <Last decisions={decisions} />
      </Group>
      {linked && !isThere && <Linked id={linked} decisions={decisions} />}
      {items.length === 0 && !linked && (
        <EmptyState icon={ShieldCheck} title={words.empty} text={words.emptyText} />
      )}
      <ul className={classes.list} aria-label={words.waiting}>
        {items.map((item) => (
          <li key={keyOf(item)}>
            <section
              id={keyOf(item)}
              className={classes.item}
              aria-label={nameOf(item)}
              tabIndex={0}
              data-current={current.id === keyOf(item) || undefined}
              onFocus={() => current.set(keyOf(item))}
            >
              <Item item={item} decisions={decisions} prompt={prompt} />
            </section>
          </li>
        ))}
      </ul>
    </>
  );
}

interface ItemProps {
  item: QueueItem;
  decisions: Decisions;
  prompt: PromptSlot;
}

function Item({ item, decisions, prompt }: ItemProps) {
  switch (item.kind) {
    case 'approval':
      return <ApprovalCard seen={item} decisions={decisions} />;
    case 'question':
      return <QuestionCard question={item} />;
    case 'prompt':
      return (
        <Stack gap="xs">
          <Anchor component={Link} to={`/agents/${item.agent.id}`} size="sm" fw={600} c="inherit">
            {words.asks(item.agent.name)}
          </Anchor>
          {prompt(item.agent)}
        </Stack>
      );
  }
}

/** What one has just decided, for those who see it and those who hear it. */
function Last({ decisions }: { decisions: Decisions }) {
  const last = decisions.last;
  const verdict = last?.reason === undefined ? 'approve' : 'reject';
  return (
    <div role="status">
      {last && (
        <Text size="sm" c="dimmed">
          {words.verdicts[verdict]}:{' '}
          <Anchor component={Link} to={`/approvals?id=${last.approval.id}`} size="sm">
            {last.approval.summary}
          </Anchor>
        </Text>
      )}
    </div>
  );
}

/** The request that a link names, when it waits no more. */
function Linked({ id, decisions }: { id: string; decisions: Decisions }) {
  const approval = useQuery({ ...approvalQuery(id), retry: false });
  if (approval.isError) return <ProblemNote error={approval.error} />;
  if (!approval.data) return <Skeleton h={110} aria-label={texts.loading} />;
  return (
    <section className={classes.item} aria-label={approval.data.summary}>
      <ApprovalCard seen={approval.data} decisions={decisions} />
    </section>
  );
}

function Keys() {
  return (
    <Text size="xs" c="dimmed" component="div" visibleFrom="sm">
      {words.keys.map((parts, at) => (
        <Fragment key={parts[0]}>
          {at > 0 && ' · '}
          {parts.slice(0, -1).map((key) => (
            <Fragment key={key}>
              <Kbd size="xs">{key}</Kbd>{' '}
            </Fragment>
          ))}
          {parts.at(-1)}
        </Fragment>
      ))}
    </Text>
  );
}
