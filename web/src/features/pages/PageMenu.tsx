/** Owns what else one can do with a page: a page under it, move, link, trash. Must not know how it is shown. */
import { ActionIcon, Menu } from '@mantine/core';
import { useClipboard, useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { EllipsisVertical, FilePlus, Link2, MoveRight, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import type { Page } from '../../api/knowledge';
import { deletePage, pageKeys } from '../../api/pages';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { pagePath } from '../../parts/markdown/links';
import { mayWrite, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { MoveDialog } from './MoveDialog';
import { NewPageDialog } from './NewPageDialog';

const words = texts.pages;

export function PageMenu({ page }: { page: Page }) {
  const [dialog, setDialog] = useState<'new' | 'move' | null>(null);
  const [isAsking, { open, close }] = useDisclosure(false);
  const clipboard = useClipboard();
  const may = mayWrite(useMe());
  const deleting = useDeletion(page, close);
  const copyLink = () => {
    clipboard.copy(window.location.origin + pagePath(page.slug, page.spaceId));
    notifications.show({ message: texts.copy.done });
  };
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size={30} aria-label={words.actions}>
            <EllipsisVertical size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<Link2 size={14} aria-hidden />} onClick={copyLink}>
            {words.copyLink}
          </Menu.Item>
          {may && (
            <>
              <Menu.Item leftSection={<FilePlus size={14} aria-hidden />} onClick={() => setDialog('new')}>
                {words.newUnder}
              </Menu.Item>
              <Menu.Item leftSection={<MoveRight size={14} aria-hidden />} onClick={() => setDialog('move')}>
                {words.move}
              </Menu.Item>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<Trash2 size={14} aria-hidden />} onClick={open}>
                {words.delete}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {dialog === 'new' && (
        <NewPageDialog space={{ id: page.spaceId }} parent={page} onClose={() => setDialog(null)} />
      )}
      {dialog === 'move' && <MoveDialog page={page} onClose={() => setDialog(null)} />}
      <ConfirmDialog
        title={words.deleteTitle(page.title)}
        text={words.deleteText}
        action={words.delete}
        doing={deleting}
        isOpen={isAsking}
        onClose={close}
      />
    </>
  );
}

function useDeletion(page: Page, onDone: () => void) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  return useMutation<unknown, unknown, void>({
    mutationFn: () => deletePage(page.id),
    onSuccess: async () => {
      onDone();
      const above = page.breadcrumbs.filter(({ id }) => id !== page.id).at(-1);
      await navigate(above ? `/pages/${above.id}` : '/pages');
      cache.removeQueries({ queryKey: pageKeys.one(page.id) });
      void cache.invalidateQueries({ queryKey: pageKeys.all });
      void cache.invalidateQueries({ queryKey: pageKeys.spaces });
    },
  });
}
