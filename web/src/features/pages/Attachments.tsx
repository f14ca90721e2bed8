/** Owns the files of a page: listing, adding, deleting. Must not know where its text shows them. */
import { Anchor, Button, FileButton, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Paperclip, X } from 'lucide-react';

import type { Attachment, Page } from '../../api/knowledge';
import { attach, attachmentsQuery, deleteAttachment, pageKeys } from '../../api/pages';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { IconTool } from '../../parts/IconTool';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { amount } from '../../parts/time';
import { texts } from '../../texts';
import classes from './pages.module.css';

const words = texts.pages.attachments;

export function Attachments({ page }: { page: Page }) {
  const files = useQuery(attachmentsQuery(page.id));
  const cache = useQueryClient();
  const may = mayWrite(useMe());
  const adding = useMutation({
    mutationFn: (file: File) => attach(page.id, file),
    onSuccess: () => cache.invalidateQueries({ queryKey: pageKeys.attachments(page.id) }),
  });
  const found = files.data?.items ?? [];
  if (files.data && found.length === 0 && !may) return null;
  return (
    <Stack gap={4} component="section" aria-label={words.title}>
      <Group gap="xs">
        <Title order={2}>{words.title}</Title>
        {may && (
          <FileButton onChange={(file) => file && adding.mutate(file)}>
            {(props) => (
              <Button
                {...props}
                size="compact-xs"
                variant="subtle"
                loading={adding.isPending}
                leftSection={<Paperclip size={12} aria-hidden />}
                title={words.hint}
              >
                {words.add}
              </Button>
            )}
          </FileButton>
        )}
      </Group>
      {files.isPending && <Skeleton h={24} aria-label={texts.loading} />}
      {files.isError && !files.data && (
        <ProblemNote error={files.error} onRetry={() => void files.refetch()} />
      )}
      {adding.isError && <ProblemNote error={adding.error} />}
      <ul className={classes.list}>
        {found.map((file) => (
          <AttachmentRow key={file.id} file={file} page={page} />
        ))}
      </ul>
    </Stack>
  );
}

function AttachmentRow({ file, page }: { file: Attachment; page: Page }) {
  const [isAsking, { open, close }] = useDisclosure(false);
  const cache = useQueryClient();
  const may = mayWrite(useMe());
  const deleting = useMutation<unknown, unknown, void>({
    mutationFn: () => deleteAttachment(file.id),
    onSuccess: () => {
      close();
      void cache.invalidateQueries({ queryKey: pageKeys.attachments(page.id) });
    },
  });
  return (
    <li className={classes.listRow}>
      <Anchor href={file.url} size="sm" target="_blank" rel="noopener">
        {file.name}
      </Anchor>
      <Text size="xs" c="dimmed">
        {amount(file.size)}
      </Text>
      {may && (
        <IconTool label={words.remove(file.name)} onClick={open}>
          <X size={13} />
        </IconTool>
      )}
      <ConfirmDialog
        title={words.removeTitle(file.name)}
        text={words.removeText}
        action={words.deleteAction}
        doing={deleting}
        isOpen={isAsking}
        onClose={close}
      />
    </li>
  );
}
