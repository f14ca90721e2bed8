/** Owns how a page or task is shown where something refers to it. Must not know what refers to it. */
import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { FileText, SquareCheckBig, type LucideIcon } from 'lucide-react';
import { Link } from 'react-router';

import { pageQuery } from '../api/pages';
import { taskQuery } from '../api/tasks';

/** What is gone still has its id. */
export function PageReference({ id }: { id: string }) {
  const page = useQuery({ ...pageQuery(id), retry: false }).data;
  return <Reference icon={FileText} to={`/pages/${id}`} title={page?.title ?? id} />;
}

export function TaskReference({ id }: { id: string }) {
  const task = useQuery({ ...taskQuery(id), retry: false }).data;
  return <Reference icon={SquareCheckBig} to={`/tasks/${id}`} title={task?.title ?? id} />;
}

function Reference({ icon: Icon, to, title }: { icon: LucideIcon; to: string; title: string }) {
  return (
    <li>
      <Anchor component={Link} to={to} size="xs">
        <Icon size={12} aria-hidden /> {title}
      </Anchor>
    </li>
  );
}
