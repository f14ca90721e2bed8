/** Owns how priority, due day, bucket and assignee of a task look: icon and word. Must not know where they stand. */
import { Group, Text } from '@mantine/core';
import {
  Bot,
  CalendarClock,
  ChevronDown,
  ChevronsUp,
  ChevronUp,
  CircleUser,
  Equal,
  Layers,
  LockKeyhole,
  type LucideIcon,
} from 'lucide-react';

import type { Author, Bucket, Priority, TaskSummary } from '../../api/knowledge';
import { toneColor, type Tone } from '../../parts/states';
import { useNow } from '../../parts/useNow';
import { texts } from '../../texts';
import { dayOf, dueness } from './taskFilter';

const words = texts.tasks;

const PRIORITY: Record<Priority, { icon: LucideIcon; tone: Tone }> = {
  low: { icon: ChevronDown, tone: 'quiet' },
  medium: { icon: Equal, tone: 'quiet' },
  high: { icon: ChevronUp, tone: 'attention' },
  urgent: { icon: ChevronsUp, tone: 'failure' },
};

interface SmallProps {
  icon: LucideIcon;
  tone: Tone;
  word: string;
}

function Small({ icon: Icon, tone, word }: SmallProps) {
  return (
    <Group component="span" gap={4} wrap="nowrap" c={toneColor(tone)} display="inline-flex" miw={0}>
      <Icon size={12} aria-hidden style={{ flex: 'none' }} />
      <Text span size="xs" truncate>
        {word}
      </Text>
    </Group>
  );
}

export function PriorityMark({ priority }: { priority: Priority }) {
  return <Small {...PRIORITY[priority]} word={words.priorities[priority]} />;
}

export function BucketMark({ bucket }: { bucket: Bucket }) {
  return <Small icon={Layers} tone="quiet" word={words.buckets[bucket]} />;
}

export function AssigneeMark({ who }: { who: Author }) {
  return <Small icon={who.kind === 'agent' ? Bot : CircleUser} tone="quiet" word={who.name} />;
}

/** Late is only what nobody has finished. */
export function DueMark({ task }: { task: TaskSummary }) {
  const today = dayOf(useNow());
  const dueDate = task.dueDate ?? '';
  const isOpen = task.status !== 'done' && task.status !== 'cancelled';
  const how = isOpen ? dueness(dueDate, today) : 'later';
  const day = new Date(`${dueDate.slice(0, 10)}T12:00:00`).toLocaleDateString(undefined, {
    month: 'short',
    day: 'numeric',
  });
  const tone = how === 'overdue' ? 'failure' : how === 'today' ? 'attention' : 'quiet';
  return (
    <Small icon={CalendarClock} tone={tone} word={how === 'overdue' ? words.overdue(day) : words.due(day)} />
  );
}

export function ClosedMark() {
  return (
    <LockKeyhole
      size={12}
      role="img"
      aria-label={words.agents.badge}
      color="var(--mantine-color-dimmed)"
      style={{ flex: 'none', marginTop: 5 }}
    />
  );
}
