/** Owns Settings → Audit log: who may see it, and how its parts stand. Must not know what an entry says. */
import { Title } from '@mantine/core';
import { Lock } from 'lucide-react';
import type { ReactNode } from 'react';

import { EmptyState } from '../../parts/EmptyState';
import { isAdmin, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { CheckPart } from './CheckPart';
import { CheckpointsPart } from './CheckpointsPart';
import { EntriesPart } from './EntriesPart';
import { KeptPart } from './KeptPart';
import classes from './audit.module.css';

const words = texts.audit;

export function AuditPage() {
  if (!isAdmin(useMe())) return <EmptyState icon={Lock} title={words.title} text={words.denied} />;
  return (
    <>
      <Part title={words.title} lead={words.lead}>
        <EntriesPart />
      </Part>
      <Part title={words.check.title} lead={words.check.lead}>
        <CheckPart />
      </Part>
      <Part title={words.checkpoints.title} lead={words.checkpoints.lead}>
        <CheckpointsPart />
      </Part>
      <Part title={words.kept.title} lead={words.kept.lead}>
        <KeptPart />
      </Part>
    </>
  );
}

function Part({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <section className={`surface ${classes.part}`} aria-label={title}>
      <Title order={2}>{title}</Title>
      <p className={classes.lead}>{lead}</p>
      {children}
    </section>
  );
}
