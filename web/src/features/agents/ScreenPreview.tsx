/** Owns the last lines of an agent's real screen. Must not poll: events say when to look again. */
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { screenQuery } from '../../api/queries';
import type { Agent } from '../../api/shapes';
import { hasEnded } from '../../parts/states';
import { texts } from '../../texts';
import { lastLines, splitError } from './screenLines';

// Rows of a card's screen, so that cards of one row are of one height.
const CARD_LINES = 6;

export function ScreenPreview({ agent, lines = CARD_LINES }: { agent: Agent; lines?: number }) {
  const isLive = !hasEnded(agent) && agent.session !== null && agent.session !== undefined;
  const screen = useQuery({ ...screenQuery(agent.id), enabled: isLive });
  const shown = isLive
    ? lastLines(screen.data?.lines ?? [], lines)
    : lastLines(splitError(agent.error ?? '').lines, lines);
  if (!isLive && shown.length === 0) return null;
  const height = { height: `calc(${lines} * 1.45em + 16px)` };
  if (shown.length === 0) {
    return (
      <div className="screen" style={height}>
        <Text inherit c="dimmed">
          {texts.agent.screenEmpty}
        </Text>
      </div>
    );
  }
  return (
    <pre className="screen" style={height} aria-label={texts.agent.screenOf(agent.name)}>
      {shown.join('\n')}
    </pre>
  );
}
