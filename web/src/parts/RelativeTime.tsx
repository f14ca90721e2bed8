/** Owns a moment on screen: relative, absolute on hover. Must not know what happened then. */
import { Tooltip } from '@mantine/core';

import { absolute, ago, ahead, lasting } from './time';
import { useNow } from './useNow';

export function Ago({ moment }: { moment: string }) {
  const now = Math.max(useNow(), Date.parse(moment));
  return (
    <Tooltip label={absolute(moment)}>
      <time dateTime={moment}>{ago(moment, now)}</time>
    </Tooltip>
  );
}

/** For how long something has been so. */
export function Since({ moment }: { moment: string }) {
  const now = useNow();
  return (
    <Tooltip label={`since ${absolute(moment)}`}>
      <time dateTime={moment}>{lasting(moment, now)}</time>
    </Tooltip>
  );
}

/** A moment that is still to come. */
export function Ahead({ moment }: { moment: string }) {
  const now = useNow();
  return (
    <Tooltip label={absolute(moment)}>
      <time dateTime={moment}>{ahead(moment, now)}</time>
    </Tooltip>
  );
}
