/** Owns the list of one's identities at other services: connecting and disconnecting. Must not know how they log in. */
import { Alert, Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, CircleAlert } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { useSearchParams } from 'react-router';

import { connect, connectionsQuery, disconnect, openidKeys, type Connection } from '../../api/openid';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { ListPart, ListRow } from './ListPart';

const words = texts.openid.connections;

export function ConnectionsPart() {
  const connections = useQuery(connectionsQuery);
  // Where nothing can be connected, there is nothing to say.
  if (connections.data?.items.length === 0 && connections.data.available.length === 0) return null;
  return (
    <ListPart
      title={words.title}
      lead={words.lead}
      asked={connections}
      rows={({ items, available }) => (
        <>
          <ReturnNote />
          {items.map((connection) => (
            <ConnectionRow key={connection.id} connection={connection} />
          ))}
          <li>
            {items.length === 0 && (
              <Text size="sm" c="dimmed">
                {words.none}
              </Text>
            )}
            <Group gap="xs" mt="xs">
              {available.map((service) => (
                <ConnectButton key={service.id} service={service} />
              ))}
            </Group>
          </li>
        </>
      )}
    />
  );
}

/** How connecting went, when the browser is back from a service. */
function ReturnNote() {
  const [params] = useSearchParams();
  const problem = params.get('problem');
  if (problem) {
    return (
      <li>
        <Alert
          color="red"
          variant="light"
          icon={<CircleAlert size={18} />}
          title={words.failed}
          role="alert"
          mb="sm"
        >
          {texts.openid.problems[problem] ?? texts.openid.unknownProblem}
        </Alert>
      </li>
    );
  }
  if (!params.has('connected')) return null;
  return (
    <li>
      <Alert color="green" variant="light" icon={<Check size={18} />} role="status" mb="sm">
        {words.connected}
      </Alert>
    </li>
  );
}

function ConnectionRow({ connection }: { connection: Connection }) {
  const cache = useQueryClient();
  const [isOpen, dialog] = useDisclosure();
  const name = connection.email ?? words.unknownEmail;
  const send = async (password: string) => {
    await disconnect(connection.id, password);
    await cache.invalidateQueries({ queryKey: openidKeys.connections });
  };
  return (
    <ListRow
      name={name}
      about={
        <>
          {connection.issuer} · {words.used} <Ago moment={connection.lastUsedAt} />
        </>
      }
      end={
        <Button
          size="compact-sm"
          variant="default"
          aria-label={words.disconnectOf(name)}
          onClick={dialog.open}
        >
          {words.disconnect}
        </Button>
      }
    >
      <PasswordDialog
        title={words.disconnectOf(name)}
        text={words.disconnectText}
        action={words.disconnect}
        send={send}
        isOpen={isOpen}
        onClose={dialog.close}
      />
    </ListRow>
  );
}

function ConnectButton({ service }: { service: { id: string; name: string } }) {
  const [isOpen, dialog] = useDisclosure();
  const send = async (password: string) => {
    const { location } = await connect({ providerId: service.id, password });
    window.location.assign(location);
  };
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        {words.connect(service.name)}
      </Button>
      <PasswordDialog
        title={words.connect(service.name)}
        text={words.connectText}
        action={words.connect(service.name)}
        send={send}
        isOpen={isOpen}
        onClose={dialog.close}
      />
    </>
  );
}

interface PasswordDialogProps {
  title: string;
  text: string;
  action: string;
  send: (password: string) => Promise<void>;
  isOpen: boolean;
  onClose: () => void;
}

function PasswordDialog({ title, text, action, send, isOpen, onClose }: PasswordDialogProps) {
  const [password, setPassword] = useState('');
  const sending = useMutation({ mutationFn: () => send(password) });
  const errors = formErrors(sending.error, ['password'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  return (
    <Modal opened={isOpen} onClose={onClose} title={title}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{text}</Text>
          <PasswordInput
            label={words.password}
            autoComplete="current-password"
            required
            data-autofocus
            value={password}
            error={errors.at.password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          {errors.whole && <ProblemNote error={sending.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" loading={sending.isPending}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
