/** Owns Settings → Members: who belongs to the workspace, in which role, and their removal. Must not invite (see InvitationsPart). */
import { Badge, Button, NativeSelect, Skeleton, Stack, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { ShieldCheck } from 'lucide-react';

import { membersQuery, peopleKeys, removeMember, setRole } from '../../api/people';
import { keys } from '../../api/queries';
import type { Member, Me, Role } from '../../api/shapes';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { isAdmin, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { InvitationsPart } from './InvitationsPart';
import { ListRow } from './ListPart';
import { rolesWithin } from './roles';
import { ReadOnlyNote, SettingsPart } from './SettingsLayout';

const words = texts.members;

export function MembersPage() {
  const me = useMe();
  const members = useInfiniteQuery(membersQuery);
  return (
    <>
      <SettingsPart title={words.title} lead={words.lead}>
        {!isAdmin(me) && <ReadOnlyNote reason={texts.settings.adminsOnly} />}
        {members.isPending && <Skeleton h={160} aria-label={texts.loading} />}
        {members.isError && !members.data && (
          <ProblemNote error={members.error} onRetry={() => void members.refetch()} />
        )}
        {members.data && (
          <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
            {members.data.pages
              .flatMap((page) => page.items)
              .map((member) => (
                <MemberRow key={member.userId} member={member} me={me} />
              ))}
          </Stack>
        )}
        {members.hasNextPage && (
          <Button
            variant="default"
            mt="sm"
            loading={members.isFetchingNextPage}
            onClick={() => void members.fetchNextPage()}
          >
            {words.more}
          </Button>
        )}
      </SettingsPart>
      {isAdmin(me) && <InvitationsPart />}
    </>
  );
}

function MemberRow({ member, me }: { member: Member; me: Me }) {
  const cache = useQueryClient();
  const isMe = member.userId === me.user.id;
  const within = rolesWithin(me.role);
  const mayChange = isAdmin(me) && within.includes(member.role);
  const changing = useMutation({
    mutationFn: (role: Role) => setRole(member.userId, role),
    onSettled: () => {
      if (isMe) void cache.invalidateQueries({ queryKey: keys.me });
      return cache.invalidateQueries({ queryKey: peopleKeys.all });
    },
  });
  return (
    <ListRow
      name={member.name}
      about={
        <>
          {member.email}
          {isMe && ` · ${words.you}`}
        </>
      }
      end={
        <>
          {member.secondFactor && (
            <Badge variant="light" color="gray" leftSection={<ShieldCheck size={12} aria-hidden />}>
              {words.guarded}
            </Badge>
          )}
          {mayChange ? (
            <NativeSelect
              aria-label={words.role(member.name)}
              size="xs"
              w={110}
              value={changing.isPending ? changing.variables : member.role}
              data={within.map((role) => ({ value: role, label: texts.roles[role] }))}
              onChange={(event) => changing.mutate(event.currentTarget.value as Role)}
            />
          ) : (
            <Badge variant="default">{texts.roles[member.role]}</Badge>
          )}
          {(mayChange || isMe) && <RemoveControl member={member} isMe={isMe} />}
        </>
      }
    >
      {changing.isError ? (
        <ProblemNote error={changing.error} />
      ) : (
        <Text size="xs" c="dimmed">
          {texts.rolesAbout[member.role]} · {words.since} <Ago moment={member.addedAt} />
        </Text>
      )}
    </ListRow>
  );
}

function RemoveControl({ member, isMe }: { member: Member; isMe: boolean }) {
  const cache = useQueryClient();
  const [isAsking, { open, close }] = useDisclosure(false);
  const removing = useMutation({
    mutationFn: () => removeMember(member.userId),
    // Whoever leaves begins anew, where they still belong.
    onSuccess: () =>
      isMe ? window.location.assign('/agents') : void cache.invalidateQueries({ queryKey: peopleKeys.all }),
  });
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        onClick={open}
        aria-label={isMe ? words.leave : words.removeOf(member.name)}
      >
        {isMe ? words.leave : words.remove}
      </Button>
      <ConfirmDialog
        title={isMe ? words.leaveTitle : words.removeTitle(member.name)}
        text={isMe ? words.leaveText : words.removeText}
        action={isMe ? words.leave : words.remove}
        doing={removing}
        isOpen={isAsking}
        onClose={close}
      />
    </>
  );
}
