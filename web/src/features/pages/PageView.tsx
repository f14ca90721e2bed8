/** Owns a page as one reads it. Must not know its comments, which the shell puts in. */
import { Badge, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { FileX, History, LockKeyhole, Pencil } from 'lucide-react';
import { useEffect, type ReactNode } from 'react';
import { Link, useNavigate } from 'react-router';

import type { Page, Subject } from '../../api/knowledge';
import { problemOf } from '../../api/problems';
import { EmptyState } from '../../parts/EmptyState';
import { Markdown } from '../../parts/markdown/Markdown';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { AgentAccess } from './AgentAccess';
import { Attachments } from './Attachments';
import { Breadcrumbs } from './Breadcrumbs';
import { PageMenu } from './PageMenu';
import classes from './pages.module.css';
import { usePageHere } from './usePageHere';

const words = texts.pages;

interface PageViewProps {
  comments: (subject: Subject) => ReactNode;
}

export function PageView({ comments }: PageViewProps) {
  const page = usePageHere();
  if (page.data) return <Loaded key={page.data.id} page={page.data} comments={comments} />;
  if (page.isPending) return <LoadingPage />;
  return <NoPage error={page.error} onRetry={() => void page.refetch()} />;
}

export function LoadingPage() {
  return (
    <div className={classes.page} aria-busy aria-label={texts.loading}>
      <Skeleton h={30} w="50%" />
      <Skeleton h={220} />
    </div>
  );
}

export function NoPage({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  if (problemOf(error).status !== 404) {
    return (
      <Stack p="lg">
        <ProblemNote error={error} onRetry={onRetry} />
      </Stack>
    );
  }
  return (
    <EmptyState icon={FileX} title={words.missing} text={words.missingText}>
      <Button component={Link} to="/pages" variant="default" mt="sm">
        {words.tree.all}
      </Button>
    </EmptyState>
  );
}

function Loaded({ page, comments }: PageViewProps & { page: Page }) {
  useEditKey(page);
  return (
    <article className={classes.page} aria-label={page.title}>
      <title>{texts.title(page.title)}</title>
      <Header page={page} />
      {page.content.trim() === '' ? (
        <Text size="sm" c="dimmed">
          {words.empty}
        </Text>
      ) : (
        <Markdown text={page.content} spaceId={page.spaceId} />
      )}
      <Attachments page={page} />
      <AgentAccess page={page} />
      {comments({ pageId: page.id })}
    </article>
  );
}

function Header({ page }: { page: Page }) {
  const may = mayWrite(useMe());
  return (
    <Stack gap={6}>
      <Breadcrumbs page={page} />
      <Group justify="space-between" align="flex-start" gap="sm">
        <Title order={1} className={classes.title}>
          {page.title}
        </Title>
        <Group gap="xs" wrap="nowrap">
          {may && (
            <Button
              component={Link}
              to={`/pages/${page.id}/edit`}
              size="xs"
              leftSection={<Pencil size={13} aria-hidden />}
              aria-keyshortcuts={words.editKeys}
            >
              {words.edit}
            </Button>
          )}
          <Button
            component={Link}
            to={`/pages/${page.id}/history`}
            size="xs"
            variant="default"
            leftSection={<History size={13} aria-hidden />}
          >
            {words.history}
          </Button>
          <PageMenu page={page} />
        </Group>
      </Group>
      <Group gap="xs">
        <Text size="xs" c="dimmed" component="div">
          {words.changed} <Ago moment={page.updatedAt} /> {words.by(page.updatedBy.name)}
        </Text>
        {!page.isAgentAccessible && (
          <Badge variant="light" color="gray" leftSection={<LockKeyhole size={11} aria-hidden />}>
            {words.agents.badge}
          </Badge>
        )}
      </Group>
    </Stack>
  );
}

/** `E` edits the page, unless one is typing somewhere. */
function useEditKey(page: Page) {
  const navigate = useNavigate();
  const may = mayWrite(useMe());
  useEffect(() => {
    if (!may) return;
    const onKey = (event: KeyboardEvent) => {
      const at = event.target instanceof HTMLElement ? event.target : null;
      const isTyping = at?.closest(
        'input, textarea, select, [contenteditable], [role="dialog"], [role="menu"]',
      );
      if (event.key !== 'e' || event.ctrlKey || event.metaKey || event.altKey || isTyping) return;
      event.preventDefault();
      void navigate(`/pages/${page.id}/edit`);
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, [may, navigate, page.id]);
}
