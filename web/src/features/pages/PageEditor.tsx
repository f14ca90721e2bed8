/** Owns editing a page: what is typed, its preview, saving, and what happens when somebody was faster. Must not know the editor's inside. */
import { Alert, Button, Group, SegmentedControl, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { useNavigate } from 'react-router';

import type { Page } from '../../api/knowledge';
import { attach, pageKeys } from '../../api/pages';
import { problemOf, staleOf } from '../../api/problems';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { ConflictNote, KeptAside } from '../../parts/ConflictNote';
import { formErrors } from '../../parts/field-errors';
import { Markdown } from '../../parts/markdown/Markdown';
import { MarkdownEditor } from '../../parts/markdown/MarkdownEditor';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import classes from './pages.module.css';
import { LoadingPage, NoPage } from './PageView';
import { useEditing, type Editing } from './useEditing';
import { usePageHere } from './usePageHere';

const words = texts.editor;

export function PageEditor() {
  const page = usePageHere();
  const may = mayWrite(useMe());
  if (page.isPending) return <LoadingPage />;
  if (!page.data) return <NoPage error={page.error} onRetry={() => void page.refetch()} />;
  if (!may) return <Text p="lg">{texts.tasks.denied}</Text>;
  return <Loaded key={page.data.id} page={page.data} />;
}

function Loaded({ page }: { page: Page }) {
  const editing = useEditing(page);
  const { saving } = editing;
  const errors = formErrors(saving.error, ['title']);
  const isStale = staleOf(saving.error) !== null;
  return (
    <div className={classes.editorPage}>
      <title>{texts.title(editing.typed.title || page.title)}</title>
      <Bar editing={editing} page={page} />
      <TextInput
        aria-label={texts.pages.name}
        classNames={{ input: classes.titleInput }}
        value={editing.typed.title}
        error={errors.at.title}
        onChange={(event) => editing.type({ title: event.currentTarget.value })}
      />
      <Notes editing={editing} page={page} />
      {errors.whole && !isStale && <ProblemNote error={saving.error} />}
      <ConflictNote saving={saving} onMine={saving.mutate} onTheirs={editing.takeTheirs} />
      {editing.aside && <KeptAside text={editing.aside.content} onClose={editing.closeAside} />}
      <Panes editing={editing} page={page} />
    </div>
  );
}

function Bar({ editing, page }: { editing: Editing; page: Page }) {
  const navigate = useNavigate();
  const [isAsking, { open, close }] = useDisclosure(false);
  const back = () => void navigate(`/pages/${page.id}`);
  const discard = useMutation<unknown, unknown, void>({
    mutationFn: async () => editing.drop(),
    onSuccess: back,
  });
  return (
    <Group gap="xs" justify="space-between">
      <Text size="xs" c="dimmed" role="status">
        {editing.isChanged ? words.draftKept : words.hint}
      </Text>
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={editing.isChanged ? open : back}>
          {editing.isChanged ? words.leave : texts.cancel}
        </Button>
        <Button
          size="xs"
          loading={editing.saving.isPending}
          disabled={editing.typed.title.trim() === ''}
          title={words.keys}
          onClick={editing.save}
        >
          {words.save}
        </Button>
      </Group>
      <ConfirmDialog
        title={words.leaveTitle}
        text={words.leaveText}
        action={words.leave}
        doing={discard}
        isOpen={isAsking}
        onClose={close}
      />
    </Group>
  );
}

/** What one should know before one goes on: a draft of before, somebody else who has saved. */
function Notes({ editing, page }: { editing: Editing; page: Page }) {
  const { draft, base } = editing;
  const isOld = draft !== null && draft.version < page.version;
  const isBehind = page.version > base && !editing.saving.isError && draft === null;
  return (
    <>
      {draft && (
        <Alert title={words.draft} color="yellow" role="status">
          <Text size="sm">{isOld ? words.draftOld(draft.version) : words.draftText}</Text>
          <Button mt="xs" size="compact-xs" variant="default" onClick={editing.beginAnew}>
            {words.draftDrop}
          </Button>
        </Alert>
      )}
      {isBehind && (
        <Text size="sm" c="var(--raven-attention)" role="status">
          {words.meanwhile(page.updatedBy.name)}
        </Text>
      )}
    </>
  );
}

function Panes({ editing, page }: { editing: Editing; page: Page }) {
  const cache = useQueryClient();
  const [shown, setShown] = useState<'write' | 'preview'>('write');
  // The preview may come a moment later; what is typed may not.
  const previewed = useDeferredValue(editing.typed.content);
  const send = async (file: File) => {
    const sent = await attach(page.id, file);
    void cache.invalidateQueries({ queryKey: pageKeys.attachments(page.id) });
    return sent;
  };
  return (
    <>
      <SegmentedControl
        hiddenFrom="sm"
        size="xs"
        value={shown}
        onChange={(next) => setShown(next as 'write' | 'preview')}
        data={[
          { value: 'write', label: words.write },
          { value: 'preview', label: words.preview },
        ]}
      />
      <div className={classes.panes} data-shown={shown}>
        <div className={classes.pane}>
          <MarkdownEditor
            key={editing.round}
            initial={editing.typed.content}
            label={words.label}
            placeholder={words.hint}
            hasFocus
            onChange={(content) => editing.type({ content })}
            onSave={editing.save}
            send={send}
            onSendFailed={(file, thrown) =>
              notifications.show({
                color: 'red',
                title: words.uploadFailed(file.name),
                message: problemOf(thrown).detail,
                autoClose: false,
              })
            }
          />
        </div>
        <section className={classes.pane} aria-label={words.preview}>
          <div className={classes.preview} tabIndex={0} role="group" aria-label={words.preview}>
            <Markdown text={previewed} spaceId={page.spaceId} />
          </div>
        </section>
      </div>
    </>
  );
}
