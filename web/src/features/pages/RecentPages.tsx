/** Owns what one sees before a page is chosen: what was changed lately in the space. Must not know the tree. */
import { Anchor, Skeleton, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { NotebookText } from 'lucide-react';
import { Link, useOutletContext } from 'react-router';

import { recentQuery } from '../../api/pages';
import { EmptyState } from '../../parts/EmptyState';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import type { InSpace } from './PagesLayout';
import classes from './pages.module.css';

const words = texts.pages;

export function RecentPages() {
  const { space } = useOutletContext<InSpace>();
  const recent = useQuery(recentQuery(space.id));
  const found = recent.data?.items ?? [];
  return (
    <div className={classes.page}>
      <title>{texts.title(words.title)}</title>
      <Title order={1}>{space.name}</Title>
      {recent.isPending && <Skeleton h={200} aria-label={texts.loading} />}
      {recent.isError && !recent.data && (
        <ProblemNote error={recent.error} onRetry={() => void recent.refetch()} />
      )}
      {recent.data && found.length === 0 && (
        <EmptyState icon={NotebookText} title={words.choose} text={words.chooseText} />
      )}
      {found.length > 0 && (
        <section aria-label={words.recent}>
          <Title order={2} mb={6}>
            {words.recent}
          </Title>
          <ul className={classes.list}>
            {found.map((page) => (
              <li key={page.id} className={classes.listRow}>
                <Anchor component={Link} to={`/pages/${page.id}`} size="sm" fw={500}>
                  {page.title}
                </Anchor>
                <Text size="xs" c="dimmed" component="div">
                  <Ago moment={page.updatedAt} /> {words.by(page.updatedBy.name)}
                </Text>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  );
}
