/** Owns the list of who is here, and handing over from it. Must not know how viewers are kept up to date. */
import { Avatar, Badge, Button, Group, Popover, Stack, Text, UnstyledButton } from '@mantine/core';
import { Link2, Users } from 'lucide-react';

import { texts } from '../../texts';
import { mayHandTo, type Viewer } from './seats';
import type { TerminalClient, TerminalSnapshot } from './TerminalClient';
import classes from './terminal.module.css';

const words = texts.terminal.presence;
// Faces in the bar; the list has everybody.
const MAX_FACES = 3;

interface PresenceProps {
  client: TerminalClient;
  snapshot: TerminalSnapshot;
}

export function Presence({ client, snapshot }: PresenceProps) {
  const { viewers, phase } = snapshot;
  // Without a link to the server nobody knows who is here.
  if (viewers.length < 2 || phase !== 'attached') return null;
  const names = viewers.map((viewer) => viewer.name).join(', ');
  return (
    <Popover position="top-start" width={300} trapFocus returnFocus shadow="md">
      <Popover.Target>
        <UnstyledButton
          className={classes.presence}
          aria-label={texts.terminal.bar.viewers(viewers.length, names)}
        >
          <Users size={14} aria-hidden />
          <Text size="xs">{viewers.length}</Text>
          <Avatar.Group spacing={5} visibleFrom="md">
            {viewers.slice(0, MAX_FACES).map((viewer) => (
              <Face key={viewer.seat} viewer={viewer} />
            ))}
          </Avatar.Group>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        <Text size="xs" fw={600} c="dimmed" mb={6}>
          {words.title}
        </Text>
        <Stack gap={6} component="ul" m={0} p={0} style={{ listStyle: 'none' }} aria-label={words.title}>
          {viewers.map((viewer) => (
            <Row key={viewer.seat} viewer={viewer} client={client} snapshot={snapshot} />
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function Face({ viewer }: { viewer: Viewer }) {
  return (
    <Avatar size={20} radius="xl" color={viewer.guest ? 'gray' : 'initials'} name={viewer.name} aria-hidden>
      {viewer.guest ? <Link2 size={11} /> : undefined}
    </Avatar>
  );
}

function Row({ viewer, client, snapshot }: PresenceProps & { viewer: Viewer }) {
  const { me, writer } = snapshot;
  const isMe = viewer.seat === me.seat;
  const does = viewer.role === 'writer' ? words.writing : viewer.wants ? words.wants : words.watching;
  return (
    <Group component="li" gap={8} wrap="nowrap">
      <Face viewer={viewer} />
      <Stack gap={0} miw={0} flex={1}>
        <Group gap={5} wrap="nowrap" miw={0}>
          <Text size="sm" truncate>
            {viewer.name}
          </Text>
          {isMe && (
            <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
              ({words.you})
            </Text>
          )}
          {viewer.guest && (
            <Badge size="xs" variant="light" color="gray" style={{ flex: 'none' }}>
              {words.guest}
            </Badge>
          )}
        </Group>
        <Text size="xs" c={viewer.wants ? 'var(--raven-attention)' : 'dimmed'}>
          {does}
        </Text>
      </Stack>
      {mayHandTo(me, writer, viewer) && (
        <Button
          size="compact-xs"
          variant="default"
          style={{ flex: 'none' }}
          aria-label={words.handTo(viewer.name)}
          onClick={() => void client.control({ action: 'grant', seat: viewer.seat })}
        >
          {words.hand}
        </Button>
      )}
    </Group>
  );
}
