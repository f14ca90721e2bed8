/** Owns how long a recording is, on screen. Must not know where it stands. */
import { Text } from '@mantine/core';

import type { Recording } from '../../api/shapes';
import { clock } from '../../parts/time';
import { useNow } from '../../parts/useNow';

// A recording that grows is asked for again this often; its length counts by itself.
export const GROWING_REFRESH_MS = 10_000;

/** A session that goes on grows by the clock, not by being asked. */
export function Length({ recording }: { recording: Recording }) {
  const now = useNow();
  const isGrowing = recording.state === 'recording';
  const length = isGrowing ? now - Date.parse(recording.startedAt) : recording.durationMs;
  return (
    <Text span inherit style={{ fontVariantNumeric: 'tabular-nums' }}>
      {clock(Math.max(length, recording.durationMs))}
    </Text>
  );
}
