/** Owns what stands around every page: the space and its tree. Must not know what a page holds. */
import { Button, Skeleton, Stack, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { ChevronLeft, NotebookText, Plus, Trash2 } from 'lucide-react';
import { Link, NavLink, Outlet, useMatch } from 'react-router';

import { spacesQuery } from '../../api/pages';
import type { Space } from '../../api/knowledge';
import { EmptyState } from '../../parts/EmptyState';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { NewPageDialog } from './NewPageDialog';
import { PageTree } from './PageTree';
import classes from './pages.module.css';
import { SpaceDialog, SpaceSwitcher } from './SpaceSwitcher';
import { useChosenSpace } from './useChosenSpace';
import { usePageHere } from './usePageHere';

const words = texts.pages;

/** What pages inside it are given. */
export interface InSpace {
  space: Space;
}

export function PagesLayout() {
  const spaces = useQuery(spacesQuery);
  if (spaces.isPending) return <Skeleton m="lg" h={320} aria-label={texts.loading} />;
  if (!spaces.data) {
    return (
      <Stack p="lg">
        <ProblemNote error={spaces.error} onRetry={() => void spaces.refetch()} />
      </Stack>
    );
  }
  if (spaces.data.items.length === 0) return <NoSpaces />;
  return <WithSpaces spaces={spaces.data.items} />;
}

function NoSpaces() {
  const [isMaking, { open, close }] = useDisclosure(false);
  const [, choose] = useChosenSpace([], undefined);
  const may = mayWrite(useMe());
  return (
    <EmptyState
      icon={NotebookText}
      title={words.spaces.none}
      text={may ? words.spaces.noneText : words.spaces.noneDenied}
    >
      <title>{texts.title(words.title)}</title>
      {may && (
        <Button mt="sm" onClick={open}>
          {words.spaces.new}
        </Button>
      )}
      {isMaking && <SpaceDialog onClose={close} onMade={(space) => choose(space.id)} />}
    </EmptyState>
  );
}

function WithSpaces({ spaces }: { spaces: Space[] }) {
  const page = usePageHere();
  const isAtBegin = useMatch('/pages') !== null;
  const [space, choose] = useChosenSpace(spaces, page.data?.spaceId);
  if (!space) return null;
  return (
    <div className={classes.layout} data-at={isAtBegin ? 'begin' : 'page'}>
      <Side spaces={spaces} space={space} onChoose={choose} openId={page.data?.id} />
      <div className={classes.content}>
        {!isAtBegin && (
          <UnstyledButton component={Link} to="/pages" hiddenFrom="sm" className={classes.back}>
            <ChevronLeft size={15} aria-hidden /> {words.tree.all}
          </UnstyledButton>
        )}
        <Outlet context={{ space } satisfies InSpace} />
      </div>
    </div>
  );
}

interface SideProps {
  spaces: Space[];
  space: Space;
  onChoose: (id: string) => void;
  openId: string | undefined;
}

function Side({ spaces, space, onChoose, openId }: SideProps) {
  const [isMaking, { open, close }] = useDisclosure(false);
  const may = mayWrite(useMe());
  return (
    <aside className={classes.side}>
      <SpaceSwitcher spaces={spaces} space={space} onChoose={onChoose} />
      {may && (
        <Button size="xs" variant="light" leftSection={<Plus size={14} aria-hidden />} onClick={open}>
          {words.new}
        </Button>
      )}
      <PageTree key={space.id} space={space} openId={openId} />
      <NavLink to="/pages/trash" className={`rail-link ${classes.trash}`}>
        <Trash2 size={15} aria-hidden />
        <Text span inherit>
          {words.trash.title}
        </Text>
      </NavLink>
      {isMaking && <NewPageDialog space={space} parent={null} onClose={close} />}
    </aside>
  );
}
