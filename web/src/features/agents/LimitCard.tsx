/** Owns how a usage limit is told. Must not know any provider. */
import { Alert, Text } from '@mantine/core';
import { Hourglass } from 'lucide-react';

import type { Agent } from '../../api/shapes';
import { Ahead } from '../../parts/RelativeTime';
import { hasEnded } from '../../parts/states';
import { moment } from '../../parts/time';
import { useNow } from '../../parts/useNow';
import { texts } from '../../texts';
import classes from './doing.module.css';

const words = texts.limit;

export function LimitCard({ agent, place }: { agent: Agent; place: 'page' | 'home' }) {
  const now = useNow();
  if (!agent.limit || hasEnded(agent)) return null;
  const card = (
    <Alert color="orange" variant="light" p="sm" icon={<Hourglass size={18} />} title={words.title}>
      <Text size="sm" className={classes.question}>
        {agent.limit.text}
      </Text>
      <Text size="sm" c="dimmed" mt={4}>
        {agent.limit.resetsAt ? (
          <>
            {words.resets} <Ahead moment={agent.limit.resetsAt} />
            {words.resetsAt(moment(agent.limit.resetsAt, now))}
          </>
        ) : (
          words.unknown
        )}
      </Text>
    </Alert>
  );
  return place === 'page' ? <div className={classes.strip}>{card}</div> : card;
}
