/** Owns when the live connection is open, and tells whether it is. Must not know what the events mean. */
import { useQueryClient } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';

import { connectLive, type Liveness } from './socket';

const LivenessContext = createContext<Liveness>('connecting');

export function LiveUpdates({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [liveness, setLiveness] = useState<Liveness>('connecting');
  useEffect(() => connectLive(cache, setLiveness), [cache]);
  return <LivenessContext value={liveness}>{children}</LivenessContext>;
}

export function useLiveness(): Liveness {
  return useContext(LivenessContext);
}
