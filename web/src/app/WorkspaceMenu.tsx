/** Owns which workspace this browser is in: its name, the way to another, and a new one. Must not know what is in them. */
import { Menu, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { Check, ChevronDown, Plus, SquareTerminal } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';

import { switchWorkspace } from '../api/people';
import { isAdmin, useMe } from '../parts/me';
import { texts } from '../texts';
import classes from './shell.module.css';

// Loaded with the menu that leads to it.
const NewWorkspaceDialog = lazy(() => import('./NewWorkspaceDialog'));

const words = texts.workspaces;

/** Nothing of one workspace may stand on a page of another: the page begins anew. */
async function goTo(workspaceId: string): Promise<void> {
  await switchWorkspace(workspaceId);
  window.location.assign('/agents');
}

export function WorkspaceMenu() {
  const me = useMe();
  const [isCreating, { open, close }] = useDisclosure(false);
  const [wasOpened, setWasOpened] = useState(false);
  const going = useMutation({ mutationFn: goTo });
  return (
    <>
      <Menu position="bottom-start" width={260} onOpen={() => setWasOpened(true)}>
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
      {wasOpened && isAdmin(me) && (
        <Suspense>
          <NewWorkspaceDialog isOpen={isCreating} onCreated={goTo} onClose={close} />
        </Suspense>
      )}
    </>
  );
}
