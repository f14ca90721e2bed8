/** Owns the ways in: who is sent where after logging in or setting up. Must not know the forms. */
import { useQuery } from '@tanstack/react-query';
import { Navigate, useNavigate, useSearchParams } from 'react-router';

import { healthQuery, meQuery } from '../api/queries';
import { LoginPage } from '../features/auth/LoginPage';
import { SetupPage } from '../features/auth/SetupPage';

/** Only addresses of this site: what stands in a link must not lead away. */
function whereFrom(from: string | null): string {
  return from && /^\/(?![/\\])/.test(from) ? from : '/agents';
}

export function LoginRoute() {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  return (
    <LoginPage
      problem={params.get('problem')}
      onDone={() => void navigate(whereFrom(params.get('from')), { replace: true })}
    />
  );
}

export function SetupRoute() {
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const me = useQuery(meQuery);
  const health = useQuery(healthQuery);
  if (me.data) return <Navigate to="/settings/agents" replace />;
  if (health.data && !health.data.setupRequired) return <Navigate to="/login" replace />;
  const toSettings = () => void navigate('/settings/agents', { replace: true });
  return <SetupPage initialCode={params.get('code') ?? ''} onDone={toSettings} />;
}
