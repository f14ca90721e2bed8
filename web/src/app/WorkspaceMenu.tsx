/** Owns which workspace this browser is in: its name, the way to another, and a new one. Must not know what is in them. */
import { Button, Group, Menu, Modal, Stack, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { Check, ChevronDown, Plus, SquareTerminal } from 'lucide-react';
import { useState, type FormEvent } from 'react';

import { createWorkspace, switchWorkspace } from '../api/people';
import { formErrors } from '../parts/field-errors';
import { isAdmin, useMe } from '../parts/me';
import { ProblemNote } from '../parts/ProblemNote';
import { texts } from '../texts';
import classes from './shell.module.css';

const words = texts.workspaces;

/** Nothing of one workspace may stand on a page of another: the page begins anew. */
async function goTo(workspaceId: string): Promise<void> {
  await switchWorkspace(workspaceId);
  window.location.assign('/agents');
}

export function WorkspaceMenu() {
  const me = useMe();
  const [isCreating, { open, close }] = useDisclosure(false);
  const going = useMutation({ mutationFn: goTo });
  return (
    <>
      <Menu position="bottom-start" width={260}>
        <Menu.Target>
          <UnstyledButton className={classes.workspace} aria-label={words.switch(me.workspaceName)}>
            <SquareTerminal size={19} color="var(--raven-working)" aria-hidden style={{ flex: 'none' }} />
            <Text fw={600} size="sm" truncate>
              {me.workspaceName}
            </Text>
            <ChevronDown size={14} aria-hidden style={{ flex: 'none' }} />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{words.mine}</Menu.Label>
          {me.workspaces.map((workspace) => {
            const isHere = workspace.id === me.workspaceId;
            return (
              <Menu.Item
                key={workspace.id}
                rightSection={
                  <Text size="xs" c="dimmed">
                    {texts.roles[workspace.role]}
                  </Text>
                }
                leftSection={isHere ? <Check size={15} aria-hidden /> : <span style={{ width: 15 }} />}
                aria-current={isHere}
                onClick={() => !isHere && going.mutate(workspace.id)}
              >
                {workspace.name}
              </Menu.Item>
            );
          })}
          {isAdmin(me) && (
            <>
              <Menu.Divider />
              <Menu.Item leftSection={<Plus size={15} aria-hidden />} onClick={open}>
                {words.create}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Modal opened={isCreating} onClose={close} title={words.createTitle}>
        <NewWorkspace onCancel={close} />
      </Modal>
    </>
  );
}

function NewWorkspace({ onCancel }: { onCancel: () => void }) {
  const [name, setName] = useState('');
  const creating = useMutation({
    mutationFn: async () => goTo((await createWorkspace(name.trim())).id),
  });
  const errors = formErrors(creating.error, ['name'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creating.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm" c="dimmed">
          {words.createText}
        </Text>
        <TextInput
          label={words.name}
          required
          data-autofocus
          value={name}
          error={errors.at.name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {errors.whole && <ProblemNote error={creating.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={creating.isPending} disabled={name.trim() === ''}>
            {words.createAction}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
