/** Owns what stands around every page: rail, top bar, dialogs that any page can open. Must not know pages. */
import { AppShell, Group, Menu, Text, UnstyledButton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  Bot,
  CircleUser,
  Clapperboard,
  History,
  LogOut,
  NotebookText,
  Search,
  Settings,
  ShieldCheck,
  SquareCheckBig,
  WifiOff,
} from 'lucide-react';
import { lazy, Suspense, useEffect } from 'react';
import { NavLink, Outlet, useNavigate, useSearchParams } from 'react-router';

import { logout } from '../api/client';
import { keys, queueQuery } from '../api/queries';
import { LiveUpdates, useLiveness } from '../live/LiveUpdates';
import { Bell } from '../features/notifications/Bell';
import { useMe } from '../parts/me';
import { useOnceIdle } from '../parts/useOnceIdle';
import { texts } from '../texts';
import { palette } from './palette';
import { PaletteSlot } from './PaletteSlot';
import { WorkspaceMenu } from './WorkspaceMenu';
import classes from './shell.module.css';

// Loaded when it is first opened.
const SpawnDialog = lazy(() => import('../features/agents/SpawnDialog'));
// Loaded once there is time; what is told before that is shown then.
const Notices = lazy(() => import('./Notices'));

const ENTRIES = [
  { to: '/agents', label: texts.nav.agents, icon: Bot },
  { to: '/approvals', label: texts.approvals.title, icon: ShieldCheck },
  { to: '/activity', label: texts.nav.activity, icon: History },
  { to: '/tasks', label: texts.tasks.title, icon: SquareCheckBig },
  { to: '/pages', label: texts.pages.title, icon: NotebookText },
  { to: '/recordings', label: texts.nav.recordings, icon: Clapperboard },
  { to: '/settings', label: texts.nav.settings, icon: Settings },
] as const;

export function Shell() {
  return (
    <LiveUpdates>
      <a href="#content" className="skip-link">
        {texts.nav.skip}
      </a>
      <AppShell
        transitionDuration={0}
        header={{ height: 48 }}
        navbar={{ width: 200, breakpoint: 'sm', collapsed: { mobile: true } }}
        footer={{ height: { base: 54, sm: 0 } }}
      >
        <AppShell.Header className={classes.header}>
          <TopBar />
        </AppShell.Header>
        <AppShell.Navbar p="xs" className={classes.rail} aria-label={texts.nav.main}>
          {ENTRIES.map(({ to, label, icon: Icon }) => (
            <NavLink key={to} to={to} className="rail-link">
              <Icon size={17} aria-hidden />
              {label}
              {to === '/approvals' && <WaitingCount />}
            </NavLink>
          ))}
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
          <LostNote />
          <div className={classes.page}>
            <Outlet />
          </div>
        </AppShell.Main>
        <AppShell.Footer hiddenFrom="sm" className={classes.bottom}>
          <nav aria-label={texts.nav.main} style={{ display: 'flex', width: '100%' }}>
            {ENTRIES.map(({ to, label, icon: Icon }) => (
              <NavLink key={to} to={to} className="bottom-link">
                <Icon size={20} aria-hidden />
                {label}
                {to === '/approvals' && <WaitingCount />}
              </NavLink>
            ))}
          </nav>
        </AppShell.Footer>
      </AppShell>
      <PaletteSlot />
      <OnceIdle />
      <SpawnSlot />
    </LiveUpdates>
  );
}

/** How much waits for people, for the entry of the rail. */
function WaitingCount() {
  const count = useQuery(queueQuery()).data?.items.length ?? 0;
  if (count === 0) return null;
  return (
    <span className={classes.count} role="status" aria-label={texts.approvals.count(count)}>
      {count}
    </span>
  );
}

function TopBar() {
  return (
    <Group h="100%" px="md" justify="space-between" wrap="nowrap" gap="sm">
      <WorkspaceMenu />
      <UnstyledButton
        className={classes.search}
        onClick={palette.open}
        aria-keyshortcuts="Control+K Control+Shift+K"
        title={texts.palette.keys}
      >
        <Search size={14} aria-hidden />
        <span className={classes.searchText}>{texts.palette.open}</span>
        <kbd className={classes.keys}>Ctrl K</kbd>
      </UnstyledButton>
      <Group gap={4} wrap="nowrap">
        <Bell />
        <UserMenu />
      </Group>
    </Group>
  );
}

function UserMenu() {
  const me = useMe();
  const cache = useQueryClient();
  const navigate = useNavigate();
  const leaving = useMutation({
    mutationFn: logout,
    onSuccess: () => {
      void navigate('/login', { replace: true });
      cache.clear();
      cache.setQueryData(keys.me, null);
    },
  });
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton className={classes.user} aria-label={`${texts.user.menu}: ${me.user.name}`}>
          <CircleUser size={19} aria-hidden />
          <Text size="sm" visibleFrom="sm">
            {me.user.name}
          </Text>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {me.user.email} · {me.role}
        </Menu.Label>
        <Menu.Item leftSection={<LogOut size={15} />} onClick={() => leaving.mutate()}>
          {texts.user.logout}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** What is on screen is live, or says that it is not. */
function LostNote() {
  const isLost = useLiveness() === 'lost';
  return (
    <div role="status">
      {isLost && (
        <div className={classes.lost}>
          <WifiOff size={14} aria-hidden /> {texts.liveness.lost}
        </div>
      )}
    </div>
  );
}

/** What is needed soon, and not at first. */
function OnceIdle() {
  const isIdle = useOnceIdle();
  useEffect(() => {
    // Where most go next; whoever goes there is told when it cannot be loaded.
    if (isIdle) import('./AgentRoute').catch(() => undefined);
  }, [isIdle]);
  if (!isIdle) return null;
  return (
    <Suspense>
      <Notices />
    </Suspense>
  );
}

/** `?spawn` on any page opens the dialog over it, so that it can be linked and left with Back. */
function SpawnSlot() {
  const [params, setParams] = useSearchParams();
  const navigate = useNavigate();
  if (!params.has('spawn')) return null;
  const close = () =>
    setParams((known) => {
      known.delete('spawn');
      return known;
    });
  return (
    <Suspense>
      <SpawnDialog onClose={close} onSpawned={() => void navigate('/agents')} />
    </Suspense>
  );
}
