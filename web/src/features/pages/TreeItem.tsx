/** Owns one page in the tree: its name, its fold, its menu, and what is dropped on it. Must not know the tree's keys. */
import { ActionIcon, Menu } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { ChevronDown, ChevronRight, EllipsisVertical, FilePlus, LockKeyhole, MoveRight } from 'lucide-react';
import { useState, type DragEvent, type ReactNode } from 'react';
import { Link } from 'react-router';

import type { PageSummary } from '../../api/knowledge';
import { mayWrite, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { NewPageDialog } from './NewPageDialog';
import classes from './pages.module.css';
import { useTree } from './tree';
import { moveOf, zoneOf, type Zone } from './treeMoves';

const words = texts.pages;
// How far a level stands to the right of the one above it.
const INDENT_PX = 14;

interface TreeItemProps {
  page: PageSummary;
  siblings: PageSummary[];
  level: number;
  children: ReactNode;
}

export function TreeItem({ page, siblings, level, children }: TreeItemProps) {
  const tree = useTree();
  const isOpen = page.hasChildren && tree.unfolded.has(page.id);
  const drop = useDrop(page, siblings);
  return (
    <div
      id={`tree-${page.id}`}
      role="treeitem"
      aria-level={level}
      aria-selected={tree.openId === page.id}
      aria-expanded={page.hasChildren ? isOpen : undefined}
      aria-label={page.title}
    >
      <div
        className={classes.row}
        data-active={tree.active === page.id || undefined}
        data-open={tree.openId === page.id || undefined}
        data-drop={drop.zone ?? undefined}
        style={{ paddingLeft: (level - 1) * INDENT_PX }}
        {...drop.handlers}
      >
        <Fold page={page} isOpen={isOpen} />
        <Link
          to={`/pages/${page.id}`}
          tabIndex={-1}
          className={classes.name}
          onClick={() => tree.setActive(page.id)}
          draggable={false}
          title={page.title}
        >
          {page.title}
        </Link>
        {!page.isAgentAccessible && (
          <LockKeyhole size={12} className={classes.lock} aria-label={words.tree.closed} />
        )}
        <ItemMenu page={page} />
      </div>
      {isOpen && children}
    </div>
  );
}

function Fold({ page, isOpen }: { page: PageSummary; isOpen: boolean }) {
  const { unfolded } = useTree();
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  if (!page.hasChildren) return <span className={classes.fold} />;
  return (
    <button
      type="button"
      tabIndex={-1}
      className={classes.fold}
      aria-label={isOpen ? words.tree.fold : words.tree.open}
      onClick={() => unfolded.set(page.id, !isOpen)}
    >
      <Chevron size={14} aria-hidden />
    </button>
  );
}

function ItemMenu({ page }: { page: PageSummary }) {
  const tree = useTree();
  const [isMaking, { open, close }] = useDisclosure(false);
  if (!mayWrite(useMe())) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="xs"
            tabIndex={-1}
            className={classes.tool}
            aria-label={words.tree.menu(page.title)}
          >
            <EllipsisVertical size={13} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<FilePlus size={14} aria-hidden />} onClick={open}>
            {words.newUnder}
          </Menu.Item>
          <Menu.Item leftSection={<MoveRight size={14} aria-hidden />} onClick={() => tree.setMoved(page)}>
            {words.move}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isMaking && <NewPageDialog space={tree.space} parent={page} onClose={close} />}
    </>
  );
}

function useDrop(page: PageSummary, siblings: PageSummary[]) {
  const { dragged, setDragged, moving, unfolded } = useTree();
  const [zone, setZone] = useState<Zone | null>(null);
  const may = mayWrite(useMe());
  const over = (event: DragEvent<HTMLElement>): Zone => {
    const box = event.currentTarget.getBoundingClientRect();
    return zoneOf(event.clientY - box.top, box.height);
  };
  const handlers = {
    draggable: may,
    onDragStart: (event: DragEvent) => {
      event.dataTransfer.effectAllowed = 'move';
      event.dataTransfer.setData('text/plain', page.title);
      setDragged(page);
    },
    onDragEnd: () => setDragged(null),
    onDragOver: (event: DragEvent<HTMLElement>) => {
      if (!dragged || dragged.id === page.id) return;
      event.preventDefault();
      setZone(over(event));
    },
    onDragLeave: () => setZone(null),
    onDrop: (event: DragEvent<HTMLElement>) => {
      event.preventDefault();
      setZone(null);
      const move = dragged && moveOf(dragged, page, over(event), siblings);
      setDragged(null);
      if (!dragged || !move) return;
      if (move.parentId === page.id) unfolded.set(page.id, true);
      moving.mutate({ id: dragged.id, move });
    },
  };
  return { zone, handlers };
}
