/** Owns which page stands at which address, and what fills the slots of pages. Must not know their insides. */
import { createBrowserRouter, Navigate, Outlet, useLocation } from 'react-router';
import { lazy, Suspense } from 'react';
import { Compass } from 'lucide-react';
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';

import { healthQuery, meQuery } from '../api/queries';
import type { Subject } from '../api/knowledge';
import type { Agent } from '../api/shapes';
import { AgentsPage } from '../features/agents/AgentsPage';
import { WorkOnCard } from '../features/assignments/WorkOnCard';
import { PromptCard } from '../features/agents/PromptCard';
import { EmptyState } from '../parts/EmptyState';
import { MeContext } from '../parts/me';
import { ProblemNote } from '../parts/ProblemNote';
import { texts } from '../texts';
import { Crash } from './Crash';

// Whoever has yet to log in needs nothing of it.
const Shell = lazy(async () => ({ default: (await import('./Shell')).Shell }));
const CommentsPanel = lazy(() => import('../features/comments/CommentsPanel'));

// Pages beside the home page are loaded when they are opened.
const setupPage = async () => ({ Component: (await import('./entrances')).SetupRoute });
const loginPage = async () => ({ Component: (await import('./entrances')).LoginRoute });
const agentPage = async () => ({ Component: (await import('./AgentRoute')).AgentRoute });
const activityPage = async () => ({
  Component: (await import('../features/activity/ActivityPage')).ActivityPage,
});
const recordingsPage = async () => ({
  Component: (await import('../features/recordings/RecordingsPage')).RecordingsPage,
});
const recordingPage = async () => ({
  Component: (await import('../features/recordings/RecordingPage')).RecordingPage,
});
const watchPage = async () => ({ Component: (await import('../features/terminal/WatchPage')).WatchPage });
const joinPage = async () => ({ Component: (await import('../features/auth/JoinPage')).JoinPage });
const settingsLayout = async () => ({
  Component: (await import('../features/settings/SettingsLayout')).SettingsLayout,
});
const approvalsPage = async () => {
  const { ApprovalsPage } = await import('../features/approvals/ApprovalsPage');
  return { Component: () => <ApprovalsPage prompt={promptSlot} /> };
};
const pagesLayout = async () => ({
  Component: (await import('../features/pages/PagesLayout')).PagesLayout,
});
const recentPages = async () => ({
  Component: (await import('../features/pages/RecentPages')).RecentPages,
});
const trashPage = async () => ({ Component: (await import('../features/pages/TrashPage')).TrashPage });
const pageView = async () => {
  const { PageView } = await import('../features/pages/PageView');
  return { Component: () => <PageView comments={commentsSlot} /> };
};
const pageEditor = async () => ({ Component: (await import('../features/pages/PageEditor')).PageEditor });
const pageHistory = async () => ({
  Component: (await import('../features/pages/HistoryPage')).HistoryPage,
});
const tasksPage = async () => {
  const { TasksPage } = await import('../features/tasks/TasksPage');
  return { Component: () => <TasksPage comments={commentsSlot} /> };
};
const searchPage = async () => ({ Component: (await import('../features/search/SearchPage')).SearchPage });
const policies = async () => ({
  Component: (await import('../features/settings/PoliciesPage')).PoliciesPage,
});
const agentSettings = async () => ({
  Component: (await import('../features/settings/AgentSettingsPage')).AgentSettingsPage,
});
const recordingSettings = async () => ({
  Component: (await import('../features/settings/RecordingSettingsPage')).RecordingSettingsPage,
});
const accessSettings = async () => ({
  Component: (await import('../features/settings/AccessPage')).AccessPage,
});
const members = async () => ({ Component: (await import('../features/settings/MembersPage')).MembersPage });
const security = async () => ({
  Component: (await import('../features/settings/SecurityPage')).SecurityPage,
});
const signIn = async () => ({ Component: (await import('../features/settings/SignInPage')).SignInPage });
const tokens = async () => ({ Component: (await import('../features/settings/TokensPage')).TokensPage });
const notificationSettings = async () => ({
  Component: (await import('../features/settings/NotificationSettingsPage')).NotificationSettingsPage,
});
const webhooks = async () => ({
  Component: (await import('../features/settings/WebhooksPage')).WebhooksPage,
});
const auditLog = async () => ({ Component: (await import('../features/audit/AuditPage')).AuditPage });
const appearance = async () => ({
  Component: (await import('../features/settings/AppearancePage')).AppearancePage,
});

const promptSlot = (agent: Agent) => <PromptCard agent={agent} place="home" />;

const commentsSlot = (subject: Subject) => (
  <Suspense fallback={<Skeleton h={120} aria-label={texts.loading} />}>
    <CommentsPanel subject={subject} />
  </Suspense>
);

const workSlot = (agent: Agent) => <WorkOnCard agentId={agent.id} />;

/** Asks who is there before anything else; sends people to set up, to log in, and back to where they were. */
function Gate() {
  const me = useQuery(meQuery);
  const health = useQuery({ ...healthQuery, enabled: me.data === null });
  const { pathname, search } = useLocation();
  if (me.data) {
    return (
      <MeContext value={me.data}>
        <Suspense fallback={<Skeleton h="100%" radius={0} aria-label={texts.loading} />}>
          <Shell />
        </Suspense>
      </MeContext>
    );
  }
  const failed = me.error ?? health.error;
  if (failed) return <ProblemNote error={failed} onRetry={() => void (me.error ? me : health).refetch()} />;
  if (me.isPending || !health.data) return <Skeleton h="100%" radius={0} aria-label={texts.loading} />;
  const here = pathname + search;
  const toLogin = here === '/' ? '/login' : `/login?from=${encodeURIComponent(here)}`;
  return (
    <>
      <Skeleton h="100%" radius={0} aria-label={texts.loading} />
      <Navigate to={health.data.setupRequired ? '/setup' : toLogin} replace />
    </>
  );
}

export const router = createBrowserRouter([
  {
    element: <Outlet />,
    hydrateFallbackElement: <Skeleton h="100%" radius={0} aria-label={texts.loading} />,
    errorElement: <Crash />,
    children: [
      { path: '/setup', lazy: setupPage },
      { path: '/login', lazy: loginPage },
      // Whoever is invited may have no account yet.
      { path: '/join', lazy: joinPage },
      // Whoever has a link needs no account: this page is outside the gate.
      { path: '/watch', lazy: watchPage },
      {
        element: <Gate />,
        children: [
          { index: true, element: <Navigate to="/agents" replace /> },
          { path: 'agents', element: <AgentsPage work={workSlot} /> },
          { path: 'agents/:id/:tab?', lazy: agentPage },
          { path: 'approvals', lazy: approvalsPage },
          { path: 'activity', lazy: activityPage },
          { path: 'tasks/:taskId?', lazy: tasksPage },
          {
            path: 'pages',
            lazy: pagesLayout,
            children: [
              { index: true, lazy: recentPages },
              { path: 'trash', lazy: trashPage },
              { path: ':id', lazy: pageView },
              { path: ':id/edit', lazy: pageEditor },
              { path: ':id/history/:version?', lazy: pageHistory },
            ],
          },
          { path: 'search', lazy: searchPage },
          { path: 'recordings', lazy: recordingsPage },
          { path: 'recordings/:sessionId', lazy: recordingPage },
          {
            path: 'settings',
            lazy: settingsLayout,
            children: [
              { index: true, element: <Navigate to="/settings/agents" replace /> },
              { path: 'agents', lazy: agentSettings },
              { path: 'access', lazy: accessSettings },
              { path: 'recording', lazy: recordingSettings },
              { path: 'members', lazy: members },
              { path: 'security', lazy: security },
              { path: 'policies', lazy: policies },
              { path: 'sign-in', lazy: signIn },
              { path: 'tokens', lazy: tokens },
              { path: 'notifications', lazy: notificationSettings },
              { path: 'webhooks', lazy: webhooks },
              { path: 'audit', lazy: auditLog },
              { path: 'appearance', lazy: appearance },
            ],
          },
          { path: '*', element: <EmptyState icon={Compass} {...texts.notFound} /> },
        ],
      },
    ],
  },
]);
