/** Owns the frame of the settings: which pages there are, and why one may only look. Must not know their fields. */
import { Alert, NavLink, Stack, Title } from '@mantine/core';
import { Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, Outlet, useLocation } from 'react-router';

import { texts } from '../../texts';
import classes from './settings.module.css';

const PAGES = [
  { to: '/settings/agents', label: texts.settings.agents },
  { to: '/settings/access', label: texts.access.title },
  { to: '/settings/recording', label: texts.settings.recording },
  { to: '/settings/members', label: texts.members.title },
  { to: '/settings/security', label: texts.security.title },
  { to: '/settings/policies', label: texts.policies.title },
  { to: '/settings/sign-in', label: texts.openid.settings.title },
  { to: '/settings/tokens', label: texts.settings.tokens },
  { to: '/settings/notifications', label: texts.settings.notifications },
  { to: '/settings/webhooks', label: texts.settings.webhooks },
  { to: '/settings/audit', label: texts.settings.audit },
  { to: '/settings/appearance', label: texts.settings.appearance },
] as const;

export function SettingsLayout() {
  const { pathname } = useLocation();
  return (
    <Stack gap="md" p={{ base: 'sm', sm: 'lg' }}>
      <title>{texts.title(texts.nav.settings)}</title>
      <Title order={1}>{texts.nav.settings}</Title>
      <div className={classes.columns}>
        <nav aria-label={texts.nav.settings} className={classes.pages}>
          {PAGES.map((page) => (
            <NavLink
              key={page.to}
              component={Link}
              to={page.to}
              label={page.label}
              active={pathname === page.to}
              aria-current={pathname === page.to ? 'page' : undefined}
            />
          ))}
        </nav>
        <div className={classes.page}>
          <Outlet />
        </div>
      </div>
    </Stack>
  );
}

/** A named part of a settings page. */
export function SettingsPart({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children: ReactNode;
}) {
  return (
    <section className={`surface ${classes.part}`} aria-label={title}>
      <Title order={2}>{title}</Title>
      {lead && <p className={classes.lead}>{lead}</p>}
      {children}
    </section>
  );
}

/** Why the fields below cannot be changed. */
export function ReadOnlyNote({ reason }: { reason: string }) {
  return (
    <Alert variant="light" color="gray" icon={<Lock size={16} />} mb="sm">
      {reason}
    </Alert>
  );
}
