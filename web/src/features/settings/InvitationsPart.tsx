/** Owns the open invitations of the workspace: make one, see its link once, revoke it. Must not keep a link's token. */
import {
  Alert,
  Button,
  Group,
  Modal,
  NativeSelect,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link2, UserPlus } from 'lucide-react';
import { useState, type FormEvent } from 'react';

import { invitationsQuery, invite, peopleKeys, revokeInvitation } from '../../api/people';
import type { Invitation, Role } from '../../api/shapes';
import { CopyLine } from '../../parts/CopyLine';
import { formErrors } from '../../parts/field-errors';
import { useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ahead } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { ListPart, ListRow } from './ListPart';
import { rolesWithin } from './roles';

const words = texts.invitations;
const DAYS = [1, 7, 30] as const;

export function InvitationsPart() {
  const open = useQuery(invitationsQuery);
  const [isInviting, dialog] = useDisclosure(false);
  return (
    <ListPart
      title={words.title}
      lead={words.lead}
      asked={open}
      rows={({ items }) => (
        <>
          {items.length === 0 && (
            <Text component="li" size="sm" c="dimmed" pb="sm">
              {words.none}
            </Text>
          )}
          {items.map((invitation) => (
            <InvitationRow key={invitation.id} invitation={invitation} />
          ))}
          <li>
            <Button mt="xs" leftSection={<UserPlus size={16} aria-hidden />} onClick={dialog.open}>
              {words.invite}
            </Button>
            <Modal opened={isInviting} onClose={dialog.close} title={words.dialogTitle} size="lg">
              <InviteForm onDone={dialog.close} />
            </Modal>
          </li>
        </>
      )}
    />
  );
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const cache = useQueryClient();
  const who = invitation.email ?? words.anybody;
  const revoking = useMutation({
    mutationFn: () => revokeInvitation(invitation.id),
    onSettled: () => cache.invalidateQueries({ queryKey: peopleKeys.invitations }),
  });
  return (
    <ListRow
      name={who}
      about={
        <>
          {texts.roles[invitation.role]} · {words.by(invitation.createdBy.name)} · {words.until}{' '}
          <Ahead moment={invitation.expiresAt} />
        </>
      }
      end={
        <Button
          size="compact-sm"
          variant="default"
          loading={revoking.isPending}
          aria-label={words.revokeOf(who)}
          onClick={() => revoking.mutate()}
        >
          {words.revoke}
        </Button>
      }
    >
      {revoking.isError && <ProblemNote error={revoking.error} />}
    </ListRow>
  );
}

function InviteForm({ onDone }: { onDone: () => void }) {
  const cache = useQueryClient();
  const me = useMe();
  const [role, setRole] = useState<Role>('member');
  const [email, setEmail] = useState('');
  const [days, setDays] = useState<number>(7);
  const inviting = useMutation({
    mutationFn: () => invite({ role, expiresInDays: days, email: email.trim() || undefined }),
    onSuccess: () => cache.invalidateQueries({ queryKey: peopleKeys.invitations }),
  });
  const errors = formErrors(inviting.error, ['email', 'role'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    inviting.mutate();
  };
  if (inviting.data) {
    return (
      <Stack>
        <Alert color="green" variant="light" icon={<Link2 size={18} />} title={words.createdTitle}>
          <Text size="sm" mb={6}>
            {words.createdText}
          </Text>
          <CopyLine text={inviting.data.url} label={words.link} />
        </Alert>
        <Group justify="flex-end">
          <Button onClick={onDone}>{words.done}</Button>
        </Group>
      </Stack>
    );
  }
  return (
    <form onSubmit={submit}>
      <Stack>
        <NativeSelect
          label={words.role}
          value={role}
          description={texts.rolesAbout[role]}
          error={errors.at.role}
          data={rolesWithin(me.role).map((one) => ({ value: one, label: texts.roles[one] }))}
          onChange={(event) => setRole(event.currentTarget.value as Role)}
        />
        <TextInput
          label={words.email}
          description={words.emailHint}
          type="email"
          value={email}
          error={errors.at.email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <Stack gap={4}>
          <Text size="sm" fw={500} id="invitation-lasts">
            {words.lasts}
          </Text>
          <SegmentedControl
            aria-labelledby="invitation-lasts"
            withItemsBorders={false}
            value={String(days)}
            data={DAYS.map((count) => ({ value: String(count), label: words.durations[count] }))}
            onChange={(value) => setDays(Number(value))}
          />
        </Stack>
        {errors.whole && <ProblemNote error={inviting.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={inviting.isPending}>
            {words.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
