/** Owns choosing, making, renaming and deleting spaces. Must not know their pages. */
import { Button, Group, Menu, Modal, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Check, ChevronsUpDown, NotebookText, Plus, Settings2 } from 'lucide-react';
import { useState, type FormEvent } from 'react';

import type { Space } from '../../api/knowledge';
import { createSpace, deleteSpace, pageKeys, renameSpace } from '../../api/pages';
import { formErrors } from '../../parts/field-errors';
import { isAdmin, mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import classes from './pages.module.css';

const words = texts.pages.spaces;

interface SwitcherProps {
  spaces: Space[];
  space: Space;
  onChoose: (id: string) => void;
}

export function SpaceSwitcher({ spaces, space, onChoose }: SwitcherProps) {
  const [isMaking, making] = useDisclosure(false);
  const [isChanging, changing] = useDisclosure(false);
  const may = mayWrite(useMe());
  return (
    <>
      <Menu position="bottom-start" width={230}>
        <Menu.Target>
          <UnstyledButton className={classes.switcher} aria-label={`${words.switch}: ${space.name}`}>
            <NotebookText size={15} aria-hidden />
            <span className={classes.name}>{space.name}</span>
            <ChevronsUpDown size={14} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {spaces.map((other) => (
            <Menu.Item
              key={other.id}
              onClick={() => onChoose(other.id)}
              leftSection={<Check size={14} opacity={other.id === space.id ? 1 : 0} aria-hidden />}
              aria-current={other.id === space.id || undefined}
            >
              {other.name}{' '}
              <Text span size="xs" c="dimmed">
                {words.pages(other.pageCount)}
              </Text>
            </Menu.Item>
          ))}
          {may && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<Plus size={14} aria-hidden />} onClick={making.open}>
                {words.new}
              </Menu.Item>
              <Menu.Item leftSection={<Settings2 size={14} aria-hidden />} onClick={changing.open}>
                {words.settings}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {isMaking && <SpaceDialog onClose={making.close} onMade={(made) => onChoose(made.id)} />}
      {isChanging && <SpaceSettings space={space} onClose={changing.close} />}
    </>
  );
}

interface SpaceDialogProps {
  onClose: () => void;
  onMade: (space: Space) => void;
}

export function SpaceDialog({ onClose, onMade }: SpaceDialogProps) {
  const cache = useQueryClient();
  const [name, setName] = useState('');
  const making = useMutation({
    mutationFn: () => createSpace(name.trim()),
    onSuccess: async (made) => {
      await cache.invalidateQueries({ queryKey: pageKeys.spaces });
      onClose();
      onMade(made);
    },
  });
  return (
    <Modal opened onClose={onClose} title={words.new}>
      <NameForm
        lead={words.newLead}
        name={name}
        onName={setName}
        action={words.create}
        doing={making}
        onClose={onClose}
      />
    </Modal>
  );
}

function SpaceSettings({ space, onClose }: { space: Space; onClose: () => void }) {
  const cache = useQueryClient();
  const [name, setName] = useState(space.name);
  const done = async () => {
    await cache.invalidateQueries({ queryKey: pageKeys.spaces });
    onClose();
  };
  const renaming = useMutation({ mutationFn: () => renameSpace(space.id, name.trim()), onSuccess: done });
  const deleting = useMutation({ mutationFn: () => deleteSpace(space.id), onSuccess: done });
  const admin = isAdmin(useMe());
  return (
    <Modal opened onClose={onClose} title={words.settings}>
      <Stack gap="lg">
        <NameForm
          name={name}
          onName={setName}
          action={words.rename}
          doing={renaming}
          onClose={onClose}
          isSame={name.trim() === space.name}
        />
        {admin && (
          <Stack gap="xs">
            <Text size="sm" c="dimmed">
              {words.deleteText}
            </Text>
            {deleting.isError && <ProblemNote error={deleting.error} />}
            <Button
              color="red"
              variant="outline"
              w="fit-content"
              loading={deleting.isPending}
              onClick={() => deleting.mutate()}
            >
              {words.delete}
            </Button>
          </Stack>
        )}
      </Stack>
    </Modal>
  );
}

interface NameFormProps {
  lead?: string;
  name: string;
  onName: (name: string) => void;
  action: string;
  doing: { mutate: () => void; isPending: boolean; error: unknown };
  onClose: () => void;
  isSame?: boolean;
}

function NameForm({ lead, name, onName, action, doing, onClose, isSame = false }: NameFormProps) {
  const errors = formErrors(doing.error, ['name']);
  const isReady = name.trim() !== '' && !isSame;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (isReady) doing.mutate();
  };
  return (
    <form onSubmit={send}>
      <Stack gap="sm">
        {lead && (
          <Text size="sm" c="dimmed">
            {lead}
          </Text>
        )}
        <TextInput
          label={words.name}
          data-autofocus
          value={name}
          error={errors.at.name}
          onChange={(event) => onName(event.currentTarget.value)}
        />
        {errors.whole && <ProblemNote error={doing.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
          <Button type="submit" disabled={!isReady} loading={doing.isPending}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
