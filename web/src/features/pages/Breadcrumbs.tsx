/** Owns where a page stands, as links to what is above it. Must not know the page's text. */
import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { ChevronRight } from 'lucide-react';
import { Link } from 'react-router';

import type { Page } from '../../api/knowledge';
import { spacesQuery } from '../../api/pages';
import { texts } from '../../texts';
import classes from './pages.module.css';

export function Breadcrumbs({ page }: { page: Page }) {
  const spaces = useQuery(spacesQuery).data?.items ?? [];
  const space = spaces.find(({ id }) => id === page.spaceId);
  const above = page.breadcrumbs.filter(({ id }) => id !== page.id);
  return (
    <nav aria-label={texts.pages.breadcrumbs}>
      <ol className={classes.crumbs}>
        <li>
          <Anchor component={Link} to="/pages" size="xs" c="dimmed" truncate>
            {space?.name ?? texts.pages.title}
          </Anchor>
        </li>
        {above.map(({ id, title }) => (
          <li key={id}>
            <ChevronRight size={12} aria-hidden />
            <Anchor component={Link} to={`/pages/${id}`} size="xs" c="dimmed" truncate>
              {title}
            </Anchor>
          </li>
        ))}
      </ol>
    </nav>
  );
}
