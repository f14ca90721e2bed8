/** Owns making a page: its title, then straight into its editor. Must not know the editor. */
import { Button, Group, Modal, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useNavigate } from 'react-router';

import type { Crumb } from '../../api/knowledge';
import { createPage, pageKeys } from '../../api/pages';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.pages;

interface NewPageDialogProps {
  space: { id: string };
  parent: Crumb | null;
  onClose: () => void;
}

export function NewPageDialog({ space, parent, onClose }: NewPageDialogProps) {
  const cache = useQueryClient();
  const navigate = useNavigate();
  const [title, setTitle] = useState('');
  const making = useMutation({
    mutationFn: () => createPage({ spaceId: space.id, title: title.trim(), parentId: parent?.id }),
    onSuccess: (page) => {
      cache.setQueryData(pageKeys.one(page.id), page);
      void cache.invalidateQueries({ queryKey: pageKeys.all });
      void cache.invalidateQueries({ queryKey: pageKeys.spaces });
      onClose();
      void navigate(`/pages/${page.id}/edit`);
    },
  });
  const errors = formErrors(making.error, ['title']);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (title.trim() !== '' && !making.isPending) making.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={parent ? words.tree.under(parent.title) : words.new}>
      <form onSubmit={send}>
        <Stack gap="sm">
          <TextInput
            label={words.name}
            data-autofocus
            value={title}
            error={errors.at.title}
            onChange={(event) => setTitle(event.currentTarget.value)}
          />
          {errors.whole && <ProblemNote error={making.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" disabled={title.trim() === ''} loading={making.isPending}>
              {words.create}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
