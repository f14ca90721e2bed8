/** Owns a page's history: its versions, what each changed, and restoring one. Must not edit. */
import { Anchor, Button, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ChevronLeft, History, RotateCcw } from 'lucide-react';
import { Link, useNavigate, useParams } from 'react-router';

import type { Page, PageVersion } from '../../api/knowledge';
import { historyQuery, pageKeys, restoreVersion, versionQuery } from '../../api/pages';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { DiffView } from '../../parts/DiffView';
import { EmptyState } from '../../parts/EmptyState';
import { Markdown } from '../../parts/markdown/Markdown';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import classes from './pages.module.css';
import { LoadingPage, NoPage } from './PageView';
import { usePageHere } from './usePageHere';

const words = texts.history;

export function HistoryPage() {
  const { version } = useParams();
  const page = usePageHere();
  if (page.isPending) return <LoadingPage />;
  if (!page.data) return <NoPage error={page.error} onRetry={() => void page.refetch()} />;
  return (
    <Stack className={classes.page} maw={1200}>
      <title>{texts.title(words.of(page.data.title))}</title>
      <Anchor component={Link} to={`/pages/${page.data.id}`} size="xs" c="dimmed">
        <ChevronLeft size={12} aria-hidden /> {words.back}
      </Anchor>
      <Title order={1}>{words.of(page.data.title)}</Title>
      <Versions page={page.data} chosen={version} />
    </Stack>
  );
}

function Versions({ page, chosen }: { page: Page; chosen: string | undefined }) {
  const history = useInfiniteQuery(historyQuery(page.id));
  if (history.isPending) return <Skeleton h={200} aria-label={texts.loading} />;
  if (!history.data) return <ProblemNote error={history.error} onRetry={() => void history.refetch()} />;
  const versions = history.data.pages.flatMap(({ items }) => items);
  const shown = versions.find(({ id }) => id === chosen) ?? versions[0];
  if (!shown) return <EmptyState icon={History} title={words.none} text={words.noneText} />;
  return (
    <div className={classes.history}>
      <nav aria-label={words.versions}>
        <ul className={classes.list}>
          {versions.map((version) => (
            <li key={version.id}>
              <VersionLink page={page} version={version} isShown={version.id === shown.id} />
            </li>
          ))}
        </ul>
        {history.hasNextPage && (
          <Button
            size="compact-xs"
            variant="subtle"
            loading={history.isFetchingNextPage}
            onClick={() => void history.fetchNextPage()}
          >
            {words.more}
          </Button>
        )}
      </nav>
      <Shown key={shown.id} page={page} version={shown} />
    </div>
  );
}

interface VersionLinkProps {
  page: Page;
  version: PageVersion;
  isShown: boolean;
}

function VersionLink({ page, version, isShown }: VersionLinkProps) {
  return (
    <Link
      to={`/pages/${page.id}/history/${version.id}`}
      replace
      className={classes.version}
      aria-current={isShown ? 'page' : undefined}
    >
      <Text size="sm" fw={600}>
        {words.version(version.version)}
        {version.version === page.version && ` · ${words.current}`}
      </Text>
      <Text size="xs" c="dimmed" component="div">
        <Ago moment={version.savedAt} /> {texts.pages.by(version.savedBy.name)}
      </Text>
    </Link>
  );
}

function Shown({ page, version }: { page: Page; version: PageVersion }) {
  const detail = useQuery(versionQuery(page.id, version.id));
  const may = mayWrite(useMe()) && version.version !== page.version;
  return (
    <Stack gap="md" miw={0}>
      <Group justify="space-between">
        <Title order={2}>{version.title}</Title>
        {may && <Restore page={page} version={version} />}
      </Group>
      {detail.isPending && <Skeleton h={160} aria-label={texts.loading} />}
      {detail.isError && !detail.data && (
        <ProblemNote error={detail.error} onRetry={() => void detail.refetch()} />
      )}
      {detail.data && (
        <>
          <Title order={3}>{words.difference}</Title>
          {detail.data.difference.trim() === '' ? (
            <Text size="sm" c="dimmed">
              {words.same}
            </Text>
          ) : (
            <DiffView difference={detail.data.difference} label={words.difference} />
          )}
          <Title order={3}>{words.content}</Title>
          <div className={classes.preview}>
            <Markdown text={detail.data.content} spaceId={page.spaceId} />
          </div>
        </>
      )}
    </Stack>
  );
}

function Restore({ page, version }: { page: Page; version: PageVersion }) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [isAsking, { open, close }] = useDisclosure(false);
  const restoring = useMutation<unknown, unknown, void>({
    mutationFn: async () => {
      const restored = await restoreVersion(page.id, version.id, page.version);
      cache.setQueryData(pageKeys.one(page.id), restored);
    },
    onSuccess: async () => {
      close();
      notifications.show({ message: words.restored(version.version) });
      await navigate(`/pages/${page.id}`);
      void cache.invalidateQueries({ queryKey: pageKeys.all });
    },
  });
  return (
    <>
      <Button size="xs" variant="default" leftSection={<RotateCcw size={13} aria-hidden />} onClick={open}>
        {words.restore}
      </Button>
      <ConfirmDialog
        title={words.restoreTitle(version.version)}
        text={words.restoreText}
        action={words.restore}
        doing={restoring}
        isOpen={isAsking}
        onClose={close}
      />
    </>
  );
}
