/** Owns moving a page without a pointer: choose its space, what it stands under, and before which. Must not know the tree. */
import { Anchor, Button, Group, Modal, Select, Skeleton, Stack, Text, UnstyledButton } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ChevronRight, CornerLeftUp } from 'lucide-react';
import { useState } from 'react';

import type { Crumb, PageSummary } from '../../api/knowledge';
import { childrenQuery, spacesQuery } from '../../api/pages';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import classes from './pages.module.css';
import { useMovePage } from './useMovePage';

const words = texts.pages.moving;

interface MoveDialogProps {
  page: PageSummary;
  onClose: () => void;
}

export function MoveDialog({ page, onClose }: MoveDialogProps) {
  const spaces = useQuery(spacesQuery);
  const [spaceId, setSpace] = useState(page.spaceId);
  const [path, setPath] = useState<Crumb[]>([]);
  const [before, setBefore] = useState<string | null>(null);
  const moving = useMovePage(onClose);
  const parentId = path.at(-1)?.id ?? null;
  const go = (next: Crumb[]) => {
    setPath(next);
    setBefore(null);
  };
  const send = () => {
    const where = spaceId === page.spaceId ? {} : { spaceId };
    moving.mutate({ id: page.id, move: { ...where, parentId, ...(before ? { before } : {}) } });
  };
  return (
    <Modal opened onClose={onClose} title={words.title(page.title)}>
      <Stack gap="sm">
        <Select
          label={words.space}
          data={(spaces.data?.items ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          value={spaceId}
          allowDeselect={false}
          onChange={(id) => {
            if (id) setSpace(id);
            go([]);
          }}
        />
        <Place page={page} spaceId={spaceId} path={path} onGo={go} before={before} onBefore={setBefore} />
        {moving.isError && <ProblemNote error={moving.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            {texts.cancel}
          </Button>
          <Button loading={moving.isPending} onClick={send}>
            {words.action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

interface PlaceProps {
  page: PageSummary;
  spaceId: string;
  path: Crumb[];
  onGo: (path: Crumb[]) => void;
  before: string | null;
  onBefore: (id: string | null) => void;
}

function Place({ page, spaceId, path, onGo, before, onBefore }: PlaceProps) {
  const children = useInfiniteQuery(childrenQuery(spaceId, path.at(-1)?.id ?? null));
  // It cannot stand under itself, nor before itself.
  const others = (children.data?.pages.flatMap(({ items }) => items) ?? []).filter(
    ({ id }) => id !== page.id,
  );
  return (
    <>
      <Stack gap={4} role="group" aria-label={words.place}>
        <Group gap={4} mih={24}>
          <Text size="sm" fw={500}>
            {[words.top, ...path.map(({ title }) => title)].join(' › ')}
          </Text>
          {path.length > 0 && (
            <Anchor
              component="button"
              type="button"
              size="xs"
              ml="auto"
              onClick={() => onGo(path.slice(0, -1))}
            >
              <CornerLeftUp size={12} aria-hidden /> {words.up}
            </Anchor>
          )}
        </Group>
        <div className={classes.places}>
          {children.isPending && <Skeleton h={60} aria-label={texts.loading} />}
          {children.isError && !children.data && <ProblemNote error={children.error} />}
          {children.data && others.length === 0 && (
            <Text size="xs" c="dimmed" p={8}>
              {words.leaf}
            </Text>
          )}
          {others.map((other) => (
            <UnstyledButton
              key={other.id}
              className={classes.placeRow}
              aria-label={words.into(other.title)}
              onClick={() => onGo([...path, other])}
            >
              <span className={classes.name}>{other.title}</span>
              <ChevronRight size={14} aria-hidden />
            </UnstyledButton>
          ))}
        </div>
      </Stack>
      <Select
        label={words.before}
        placeholder={words.last}
        clearable
        searchable
        data={others.map(({ id, title }) => ({ value: id, label: title }))}
        value={before}
        onChange={onBefore}
      />
    </>
  );
}
