/** Owns a feed of activity, newest first, longer on demand. Must not know who filters it. */
import { Anchor, Button, Group, Skeleton, Stack, Text, ThemeIcon } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { useInfiniteQuery } from '@tanstack/react-query';
import {
  CircleAlert,
  CircleCheck,
  CircleStop,
  DoorOpen,
  Hand,
  History,
  Keyboard,
  KeyRound,
  Link2,
  Link2Off,
  MessageCircleQuestion,
  MessageCircleReply,
  MessageCircleX,
  PlugZap,
  Rocket,
  RotateCcw,
  Send,
  Settings,
  ShieldAlert,
  ShieldCheck,
  ShieldQuestion,
  ShieldX,
  SquareTerminal,
  Ticket,
  Undo2,
  Wrench,
  type LucideIcon,
  UserPlus,
  UserCog,
  UserMinus,
  Mail,
  MailX,
} from 'lucide-react';
import { useEffect } from 'react';
import { Link } from 'react-router';

import type { ActivityFilter } from '../../api/client';
import { activityQuery } from '../../api/queries';
import type { Activity, ActivityKind } from '../../api/shapes';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { toneColor, type Tone } from '../../parts/states';
import { texts } from '../../texts';
import { knowledgeLooks } from './knowledgeLooks';

const LOOKS: Record<ActivityKind, { icon: LucideIcon; tone: Tone }> = {
  agent_spawned: { icon: Rocket, tone: 'working' },
  agent_restarted: { icon: RotateCcw, tone: 'quiet' },
  agent_ready: { icon: CircleCheck, tone: 'good' },
  agent_failed: { icon: CircleAlert, tone: 'failure' },
  agent_stopped: { icon: CircleStop, tone: 'quiet' },
  agent_prompt: { icon: MessageCircleQuestion, tone: 'attention' },
  agent_prompt_answered: { icon: MessageCircleReply, tone: 'quiet' },
  agent_message_sent: { icon: Send, tone: 'quiet' },
  agent_message_cancelled: { icon: Undo2, tone: 'quiet' },
  agent_interrupted: { icon: Hand, tone: 'quiet' },
  login_required: { icon: KeyRound, tone: 'attention' },
  terminal_control_changed: { icon: Keyboard, tone: 'quiet' },
  terminal_link_created: { icon: Link2, tone: 'quiet' },
  terminal_link_revoked: { icon: Link2Off, tone: 'quiet' },
  terminal_session_created: { icon: SquareTerminal, tone: 'quiet' },
  terminal_session_terminated: { icon: SquareTerminal, tone: 'quiet' },
  member_added: { icon: UserPlus, tone: 'quiet' },
  member_role_changed: { icon: UserCog, tone: 'quiet' },
  member_removed: { icon: UserMinus, tone: 'quiet' },
  invitation_created: { icon: Mail, tone: 'quiet' },
  invitation_revoked: { icon: MailX, tone: 'quiet' },
  workspace_renamed: { icon: Settings, tone: 'quiet' },
  access_requested: { icon: DoorOpen, tone: 'attention' },
  access_approved: { icon: ShieldCheck, tone: 'good' },
  access_denied: { icon: ShieldX, tone: 'quiet' },
  access_revoked: { icon: ShieldX, tone: 'failure' },
  agent_registered: { icon: Ticket, tone: 'good' },
  permissions_changed: { icon: ShieldCheck, tone: 'quiet' },
  key_rotated: { icon: KeyRound, tone: 'quiet' },
  invite_created: { icon: Ticket, tone: 'quiet' },
  invite_revoked: { icon: Ticket, tone: 'quiet' },
  settings_changed: { icon: Settings, tone: 'quiet' },
  runtime_connected: { icon: PlugZap, tone: 'good' },
  runtime_disconnected: { icon: PlugZap, tone: 'failure' },
  webhook_disabled: { icon: PlugZap, tone: 'failure' },
  approval_requested: { icon: ShieldQuestion, tone: 'attention' },
  approval_approved: { icon: ShieldCheck, tone: 'good' },
  approval_rejected: { icon: ShieldX, tone: 'quiet' },
  approval_expired: { icon: ShieldX, tone: 'quiet' },
  approval_failed: { icon: ShieldAlert, tone: 'failure' },
  question_asked: { icon: MessageCircleQuestion, tone: 'attention' },
  question_answered: { icon: MessageCircleReply, tone: 'quiet' },
  question_escalated: { icon: MessageCircleQuestion, tone: 'attention' },
  question_expired: { icon: MessageCircleX, tone: 'quiet' },
  policy_changed: { icon: ShieldCheck, tone: 'quiet' },
  policy_unmeetable: { icon: ShieldCheck, tone: 'failure' },
  tool_called: { icon: Wrench, tone: 'quiet' },
  ...knowledgeLooks,
};

interface FeedProps {
  filter: ActivityFilter;
  /** Where the name of who did something leads. */
  actorLink?: (actor: { id: string; name: string }) => string;
}

export function ActivityFeed({ filter, actorLink }: FeedProps) {
  const feed = useInfiniteQuery(activityQuery(filter));
  if (feed.isPending) {
    return (
      <Stack gap="sm" aria-busy aria-label={texts.loading}>
        {[1, 2, 3, 4, 5].map((row) => (
          <Skeleton key={row} h={34} />
        ))}
      </Stack>
    );
  }
  if (feed.isError && !feed.data)
    return <ProblemNote error={feed.error} onRetry={() => void feed.refetch()} />;
  const entries = feed.data.pages.flatMap((page) => page.items);
  if (entries.length === 0) {
    return <EmptyState icon={History} title={texts.activity.empty} text={texts.activity.emptyText} />;
  }
  return (
    <Stack gap="sm">
      <Stack component="ol" gap={0} m={0} p={0} style={{ listStyle: 'none' }} aria-label={texts.nav.activity}>
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} actorLink={actorLink} />
        ))}
      </Stack>
      {feed.hasNextPage && (
        <More isLoading={feed.isFetchingNextPage} onMore={() => void feed.fetchNextPage()} />
      )}
    </Stack>
  );
}

function Entry({ entry, actorLink }: { entry: Activity } & Pick<FeedProps, 'actorLink'>) {
  // A server that is newer than this page may tell of kinds that it does not know yet.
  const { icon: Icon, tone } = LOOKS[entry.kind] ?? { icon: History, tone: 'quiet' };
  return (
    <Group
      component="li"
      gap="sm"
      wrap="nowrap"
      align="flex-start"
      py={8}
      style={{ borderBottom: '1px solid var(--raven-line)' }}
    >
      <ThemeIcon size={22} variant="transparent" c={toneColor(tone)} aria-hidden>
        <Icon size={16} />
      </ThemeIcon>
      <Stack gap={2} style={{ flex: 1, minWidth: 0 }}>
        <Text size="sm">
          {entry.message}
          {entry.agent && (
            <>
              {' · '}
              <Anchor component={Link} to={`/agents/${entry.agent.id}`} inherit>
                {entry.agent.name}
              </Anchor>
            </>
          )}
        </Text>
        {entry.detail && (
          <Text
            size="xs"
            c="dimmed"
            style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}
            lineClamp={8}
          >
            {entry.detail}
          </Text>
        )}
      </Stack>
      <Text size="xs" c="dimmed" style={{ flex: 'none' }} ta="right">
        {entry.actor && <ActorName actor={entry.actor} link={actorLink?.(entry.actor)} />}
        <Ago moment={entry.createdAt} />
      </Text>
    </Group>
  );
}

function ActorName({ actor, link }: { actor: { name: string }; link?: string }) {
  return (
    <>
      {link ? (
        <Anchor component={Link} to={link} inherit c="inherit" title={texts.narrow.onlyBy(actor.name)}>
          {actor.name}
        </Anchor>
      ) : (
        actor.name
      )}
      {' · '}
    </>
  );
}

/** Loads the next page when it comes into view; the button is for keyboards. */
function More({ isLoading, onMore }: { isLoading: boolean; onMore: () => void }) {
  const { ref, entry } = useIntersection<HTMLButtonElement>();
  const isSeen = entry?.isIntersecting ?? false;
  useEffect(() => {
    if (isSeen && !isLoading) onMore();
    // `onMore` is new on every render; only being seen anew asks for more.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isSeen, isLoading]);
  return (
    <Button ref={ref} variant="subtle" loading={isLoading} onClick={onMore} w="fit-content" mx="auto">
      {texts.activity.more}
    </Button>
  );
}
