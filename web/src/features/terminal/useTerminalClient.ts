/** Owns when a terminal's client is made and disposed. Must not know what is drawn around it. */
import { useEffect, useRef, useState } from 'react';

import { useTerminalFontSize } from '../../parts/preferences';
import { TerminalClient } from './TerminalClient';
import type { Target } from './TerminalLink';

/** The client for an agent's terminal, or for the one behind a link; `null` until it is made. */
export function useTerminalClient(target: Target): TerminalClient | null {
  const [client, setClient] = useState<TerminalClient | null>(null);
  const [fontSize] = useTerminalFontSize();
  const firstFontSize = useRef(fontSize);
  const agentId = 'agentId' in target ? target.agentId : null;
  const link = 'link' in target ? target.link : null;
  useEffect(() => {
    const what = link === null ? { agentId: agentId ?? '' } : { link };
    const opened = new TerminalClient(what, firstFontSize.current);
    // The client is a resource of the browser: it is made and disposed with the effect, and shown by state.
    setClient(opened);
    return () => {
      setClient(null);
      opened.dispose();
    };
  }, [agentId, link]);
  useEffect(() => client?.setFontSize(fontSize), [client, fontSize]);
  return client;
}
