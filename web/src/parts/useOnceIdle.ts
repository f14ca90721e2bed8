/** Owns the moment at which a page has all it asked for and the browser has time. Must not know what is done then. */
import { useIsFetching } from '@tanstack/react-query';
import { useEffect, useState } from 'react';

// Where the browser cannot tell that it has time.
const LATER_MS = 1_000;

function whenIdle(run: () => void): () => void {
  if (!('requestIdleCallback' in window)) {
    const timer = setTimeout(run, LATER_MS);
    return () => clearTimeout(timer);
  }
  const handle = window.requestIdleCallback(run);
  return () => window.cancelIdleCallback(handle);
}

/** False until then, and true ever after. */
export function useOnceIdle(): boolean {
  const isAnswered = useIsFetching() === 0;
  const [isIdle, setIsIdle] = useState(false);
  useEffect(
    () => (isAnswered && !isIdle ? whenIdle(() => setIsIdle(true)) : undefined),
    [isAnswered, isIdle],
  );
  return isIdle;
}
