/** Owns read-only links of one session: make one, see it once, revoke it. Must not keep a link's token. */
import {
  ActionIcon,
  Alert,
  Button,
  Group,
  Modal,
  SegmentedControl,
  Skeleton,
  Stack,
  Text,
  TextInput,
  Tooltip,
} from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link2, Trash2 } from 'lucide-react';
import { useState, type FormEvent } from 'react';

import { createTerminalLink, revokeTerminalLink } from '../../api/client';
import { keys, linksQuery } from '../../api/queries';
import type { TerminalLink } from '../../api/shapes';
import { CopyLine } from '../../parts/CopyLine';
import { formErrors } from '../../parts/field-errors';
import { isAdmin, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { absolute } from '../../parts/time';
import { Ahead } from '../../parts/RelativeTime';
import { useNow } from '../../parts/useNow';
import { texts } from '../../texts';

const words = texts.terminal.share;
const HOUR_S = 3600;
const LASTING = { hour: HOUR_S, day: 24 * HOUR_S, week: 7 * 24 * HOUR_S, month: 30 * 24 * HOUR_S } as const;
type Lasting = keyof typeof LASTING;
const MAX_LABEL = 100;

export function ShareDialog({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={words.title} size="lg">
      <Stack>
        <Text size="sm" c="dimmed">
          {words.lead}
        </Text>
        <CreateLink sessionId={sessionId} />
        <LiveLinks sessionId={sessionId} />
      </Stack>
    </Modal>
  );
}

function CreateLink({ sessionId }: { sessionId: string }) {
  const cache = useQueryClient();
  const [label, setLabel] = useState('');
  const [lasting, setLasting] = useState<Lasting>('day');
  const creating = useMutation({
    mutationFn: () =>
      createTerminalLink(sessionId, {
        ...(label.trim() === '' ? {} : { label: label.trim() }),
        expiresInSeconds: LASTING[lasting],
      }),
    onSuccess: () => {
      setLabel('');
      void cache.invalidateQueries({ queryKey: keys.links(sessionId) });
    },
  });
  const errors = formErrors(creating.error, ['label', 'expiresInSeconds'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creating.mutate();
  };
  return (
    <>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label={words.label}
            description={words.labelHint}
            placeholder={words.labelPlaceholder}
            maxLength={MAX_LABEL}
            data-autofocus
            value={label}
            error={errors.at.label}
            onChange={(event) => setLabel(event.currentTarget.value)}
          />
          <Stack gap={4}>
            <Text size="sm" fw={500} id="link-lasts">
              {words.lasts}
            </Text>
            <SegmentedControl
              aria-labelledby="link-lasts"
              withItemsBorders={false}
              value={lasting}
              data={(Object.keys(LASTING) as Lasting[]).map((key) => ({
                value: key,
                label: words.durations[key],
              }))}
              onChange={(value) => setLasting(value as Lasting)}
            />
          </Stack>
          {(errors.whole ?? errors.at.expiresInSeconds) && <ProblemNote error={creating.error} />}
          <Button type="submit" loading={creating.isPending} w="fit-content">
            {words.create}
          </Button>
        </Stack>
      </form>
      {creating.data && (
        <Alert color="green" variant="light" icon={<Link2 size={18} />} title={words.createdTitle}>
          <Text size="sm" mb={6}>
            {words.createdText(absolute(creating.data.expiresAt))}
          </Text>
          <CopyLine text={creating.data.url} label={words.url} />
        </Alert>
      )}
    </>
  );
}

function LiveLinks({ sessionId }: { sessionId: string }) {
  const links = useQuery(linksQuery(sessionId));
  const now = useNow();
  if (links.isPending) return <Skeleton h={60} aria-label={texts.loading} />;
  if (!links.data) return <ProblemNote error={links.error} onRetry={() => void links.refetch()} />;
  const live = links.data.items.filter((link) => !link.revokedAt && Date.parse(link.expiresAt) > now);
  return (
    <Stack gap={6} component="section" aria-label={words.live}>
      <Text size="sm" fw={600}>
        {words.live}
      </Text>
      {live.length === 0 && (
        <Text size="sm" c="dimmed">
          {words.none}
        </Text>
      )}
      <Stack gap={0} component="ul" m={0} p={0} style={{ listStyle: 'none' }}>
        {live.map((link) => (
          <LinkRow key={link.id} sessionId={sessionId} link={link} />
        ))}
      </Stack>
    </Stack>
  );
}

function LinkRow({ sessionId, link }: { sessionId: string; link: TerminalLink }) {
  const cache = useQueryClient();
  const me = useMe();
  const revoking = useMutation({
    mutationFn: () => revokeTerminalLink(sessionId, link.id),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.links(sessionId) }),
  });
  const mayRevoke = isAdmin(me) || link.createdBy.id === me.user.id;
  return (
    <Stack component="li" gap={4} py={6} style={{ borderTop: '1px solid var(--raven-line)' }}>
      <Group gap="sm" wrap="nowrap">
        <Text size="sm" truncate flex={1} miw={0}>
          {link.label}
        </Text>
        <Text size="xs" c="dimmed" style={{ flex: 'none' }}>
          {`${words.by(link.createdBy.name)} · ${words.ends} `}
          <Ahead moment={link.expiresAt} />
        </Text>
        {mayRevoke && (
          <Tooltip label={words.revoke}>
            <ActionIcon
              variant="subtle"
              color="red"
              size="sm"
              loading={revoking.isPending}
              aria-label={words.revokeLink(link.label)}
              onClick={() => revoking.mutate()}
            >
              <Trash2 size={15} />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
      {revoking.isError && <ProblemNote error={revoking.error} />}
    </Stack>
  );
}
