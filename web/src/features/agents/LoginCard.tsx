/** Owns where an agent's request to sign in stands, and when. Must not know what is in it. */
import { Skeleton } from '@mantine/core';
import { lazy, Suspense } from 'react';

import type { Agent } from '../../api/shapes';
import { texts } from '../../texts';
import classes from './doing.module.css';

// Loaded when an agent asks.
const LoginRequest = lazy(() => import('./LoginRequest'));

export function LoginCard({ agent, place }: { agent: Agent; place: 'page' | 'home' }) {
  if (agent.status !== 'login_required') return null;
  const card = (
    <Suspense fallback={<Skeleton h={120} aria-label={texts.loading} />}>
      <LoginRequest agent={agent} />
    </Suspense>
  );
  return place === 'page' ? <div className={classes.strip}>{card}</div> : card;
}
