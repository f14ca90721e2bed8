/** Owns a deadline on screen: counting down, absolute on hover. Must not know what ends then. */
import { Text, Tooltip } from '@mantine/core';
import { useEffect, useState } from 'react';

import { texts } from '../texts';
import { absolute, clock, span } from './time';

// What is nearer counts by the second.
const BY_THE_SECOND_MS = 60 * 60 * 1000;
// What is nearer is hurried.
const SOON_MS = 2 * 60 * 1000;

export function Countdown({ deadline }: { deadline: string }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = Date.parse(deadline) - now;
  const words = left < BY_THE_SECOND_MS ? clock(left) : span(left);
  return (
    <Tooltip label={absolute(deadline)}>
      <Text
        component="time"
        dateTime={deadline}
        size="xs"
        c={left < SOON_MS ? 'var(--raven-attention)' : 'dimmed'}
        fw={left < SOON_MS ? 600 : undefined}
        style={{ flex: 'none', fontVariantNumeric: 'tabular-nums' }}
      >
        {left > 0 ? texts.approvals.left(words) : texts.approvals.passed}
      </Text>
    </Tooltip>
  );
}
