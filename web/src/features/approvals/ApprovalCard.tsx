/** Owns how a request is shown and decided. Must not know the list it stands in. */
import { Anchor, Badge, Button, Group, Kbd, Stack, Text, Textarea } from '@mantine/core';
import { ShieldQuestion } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { Link } from 'react-router';

import type { Approval, SeenApproval } from '../../api/shapes';
import { Arguments } from '../../parts/Arguments';
import { Countdown } from '../../parts/Countdown';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import classes from './approvals.module.css';
import { Outcome } from './Outcome';
import { SpawnFacts } from './SpawnFacts';
import type { Decisions } from './useDecisions';

const words = texts.approvals;

interface ApprovalCardProps {
  seen: SeenApproval;
  decisions: Decisions;
}

export function ApprovalCard({ seen, decisions }: ApprovalCardProps) {
  const isPending = seen.state === 'pending';
  return (
    <Stack gap="xs">
      <Group justify="space-between" wrap="nowrap" gap="xs" align="flex-start">
        <Group gap={8} wrap="nowrap" miw={0} align="flex-start">
          <ShieldQuestion
            size={17}
            color={isPending ? 'var(--raven-attention)' : 'var(--mantine-color-dimmed)'}
            aria-hidden
            style={{ flex: 'none', marginTop: 2 }}
          />
          <Text size="sm" fw={600} className={classes.words}>
            {seen.summary}
          </Text>
        </Group>
        {isPending ? (
          <Countdown deadline={seen.deadline} />
        ) : (
          <Badge variant="light" color={COLORS[seen.state]} style={{ flex: 'none' }}>
            {words.states[seen.state]}
          </Badge>
        )}
      </Group>
      <WhoAsks approval={seen} />
      {seen.reason && (
        <Text size="sm" className={classes.words}>
          {seen.reason}
        </Text>
      )}
      {seen.action === 'spawn' && <SpawnFacts wanted={seen.arguments} />}
      {seen.action === 'tool' && <Arguments given={seen.arguments} />}
      <Made approval={seen} />
      {isPending ? <Decide seen={seen} decisions={decisions} /> : <Outcome approval={seen} />}
    </Stack>
  );
}

const COLORS: Record<Approval['state'], string> = {
  pending: 'yellow',
  approved: 'green',
  running: 'blue',
  done: 'green',
  rejected: 'gray',
  expired: 'gray',
  failed: 'red',
};

function WhoAsks({ approval }: { approval: Approval }) {
  const { askedBy, owner } = approval;
  return (
    <Text size="xs" c="dimmed" component="div">
      {words.askedBy}{' '}
      {askedBy.kind === 'agent' ? (
        <Anchor component={Link} to={`/agents/${askedBy.id}`} size="xs">
          {askedBy.name}
        </Anchor>
      ) : (
        askedBy.name
      )}
      {owner && ` (${words.ofOwner(owner.name)})`} · <Ago moment={approval.createdAt} />
    </Text>
  );
}

/** What people have decided so far. */
function Made({ approval }: { approval: Approval }) {
  const { decisions, deciders } = approval;
  const approved = decisions.filter(({ verdict }) => verdict === 'approve').length;
  if (decisions.length === 0 && deciders === 1) return null;
  return (
    <Stack gap={2}>
      {approval.state === 'pending' && (
        <Text size="xs" c="dimmed">
          {words.progress(approved, deciders)}
        </Text>
      )}
      {decisions.map((made) => (
        <Text key={made.by.id} size="xs" c="dimmed" component="div" className={classes.words}>
          {words.by(words.verdicts[made.verdict], made.by.name)} · <Ago moment={made.at} />
          {made.note && `: ${made.note}`}
        </Text>
      ))}
    </Stack>
  );
}

function Decide({ seen, decisions }: ApprovalCardProps) {
  const error = decisions.errorOf(seen);
  if (decisions.rejecting === seen.id) return <RejectForm seen={seen} decisions={decisions} />;
  return (
    <Stack gap={6}>
      {Boolean(error) && <ProblemNote error={error} />}
      <Group gap="xs">
        <Button
          size="compact-sm"
          disabled={seen.refusal !== null && seen.refusal !== undefined}
          loading={decisions.isDeciding(seen)}
          onClick={() => decisions.approve(seen)}
          rightSection={decisions.hasKeys && <Kbd size="xs">A</Kbd>}
        >
          {words.approve}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          disabled={seen.refusal !== null && seen.refusal !== undefined}
          onClick={() => decisions.setRejecting(seen.id)}
          rightSection={decisions.hasKeys && <Kbd size="xs">R</Kbd>}
        >
          {words.reject}
        </Button>
        {seen.refusal && (
          <Text size="xs" c="dimmed" flex={1} miw={180}>
            {seen.refusal}
          </Text>
        )}
      </Group>
    </Stack>
  );
}

function RejectForm({ seen, decisions }: ApprovalCardProps) {
  const [reason, setReason] = useState('');
  const error = decisions.errorOf(seen);
  const isEmpty = reason.trim() === '';
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (!isEmpty) decisions.reject(seen, reason.trim());
  };
  return (
    <form onSubmit={send}>
      <Stack gap="xs">
        <Textarea
          label={words.rejectWhy}
          description={words.rejectHint}
          autosize
          minRows={1}
          maxRows={5}
          maxLength={1000}
          autoFocus
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') decisions.setRejecting(null);
            if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) {
              event.preventDefault();
              send();
            }
          }}
        />
        {Boolean(error) && <ProblemNote error={error} />}
        <Group gap="xs">
          <Button
            type="submit"
            size="compact-sm"
            color="red"
            disabled={isEmpty}
            loading={decisions.isDeciding(seen)}
          >
            {words.reject}
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => decisions.setRejecting(null)}>
            {texts.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
