/** Owns saying whether a recording is as it was written, and what was checked. Must not check anything itself. */
import { Button, Group, Popover, Stack, Text, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { LoaderCircle, ShieldAlert, ShieldCheck, ShieldQuestion } from 'lucide-react';

import { problemOf } from '../../api/problems';
import { verificationQuery, type Edition } from '../../api/queries';
import type { Recording, Verification } from '../../api/shapes';
import { Prose } from '../../parts/Prose';
import { Ago } from '../../parts/RelativeTime';
import { toneColor, type Tone } from '../../parts/states';
import { amount } from '../../parts/time';
import { texts } from '../../texts';
import classes from './recordings.module.css';

const words = texts.recordings.verify;
// More than this is checked when asked for, not by opening the page.
const MAX_UNASKED_BYTES = 256 * 1024 * 1024;

export function VerifiedBadge({ edition, recording }: { edition: Edition; recording: Recording }) {
  const isSmall = recording.storedBytes <= MAX_UNASKED_BYTES;
  const check = useQuery({ ...verificationQuery(edition), enabled: isSmall });
  const { icon: Icon, word, tone } = lookOf(check.data, check.isFetching);
  return (
    <Popover position="bottom-start" width={340} shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton className={classes.badge} c={toneColor(tone)} data-outcome={check.data?.outcome}>
          <Icon size={14} aria-hidden />
          <Text span size="sm" fw={600} aria-live="polite">
            {word}
          </Text>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap={6}>
          {check.data && <Outcome found={check.data} />}
          {check.isError && (
            <Text size="sm">
              <Prose text={problemOf(check.error).detail} />
            </Text>
          )}
          <Group>
            <Button
              size="compact-xs"
              variant="default"
              loading={check.isFetching}
              onClick={() => void check.refetch()}
            >
              {words.again}
            </Button>
          </Group>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function lookOf(found: Verification | undefined, isChecking: boolean) {
  const looks = {
    intact: { icon: ShieldCheck, word: words.intact, tone: 'good' },
    broken: { icon: ShieldAlert, word: words.broken, tone: 'failure' },
    cut: { icon: ShieldAlert, word: words.cut, tone: 'failure' },
    checking: { icon: LoaderCircle, word: words.checking, tone: 'quiet' },
    failed: { icon: ShieldQuestion, word: words.failed, tone: 'quiet' },
  } satisfies Record<string, { icon: typeof ShieldCheck; word: string; tone: Tone }>;
  if (isChecking) return looks.checking;
  return found ? looks[found.outcome] : looks.failed;
}

function Outcome({ found }: { found: Verification }) {
  return (
    <>
      <Text size="sm">{sentenceOf(found)}</Text>
      {found.firstBad && (
        <Text size="sm" c="var(--raven-failure)" style={{ overflowWrap: 'anywhere' }}>
          {found.firstBad.why}
        </Text>
      )}
      <Text size="xs" c="dimmed">
        {words.facts(found.segments, found.blocks, amount(found.bytes))} · {words.checked}{' '}
        <Ago moment={found.checkedAt} />
      </Text>
    </>
  );
}

function sentenceOf({ outcome, firstBad }: Verification): string {
  if (outcome === 'intact') return words.intactText;
  if (outcome === 'cut') {
    return firstBad ? words.cutText(firstBad.segment, firstBad.block) : words.cutAnywhere;
  }
  return firstBad ? words.brokenText(firstBad.segment, firstBad.block) : words.broken;
}
