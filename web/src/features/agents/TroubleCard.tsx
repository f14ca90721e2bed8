/** Owns how it is told that something stands in an agent's way. Must not know what can. */
import { Alert, Text } from '@mantine/core';
import { TriangleAlert } from 'lucide-react';

import type { Agent } from '../../api/shapes';
import { hasEnded } from '../../parts/states';
import { texts } from '../../texts';
import classes from './doing.module.css';

const words = texts.trouble;

export function TroubleCard({ agent, place }: { agent: Agent; place: 'page' | 'home' }) {
  if (!agent.trouble || hasEnded(agent)) return null;
  const card = (
    <Alert color="orange" variant="light" p="sm" icon={<TriangleAlert size={18} />} title={words.title}>
      <Text size="sm" className={classes.question}>
        {agent.trouble}
      </Text>
      <Text size="sm" c="dimmed" mt={4}>
        {agent.status === 'busy' && words.goesOn} {words.mend}
      </Text>
    </Alert>
  );
  return place === 'page' ? <div className={classes.strip}>{card}</div> : card;
}
