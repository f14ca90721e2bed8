/** Owns what one sees when somebody was faster: the difference, and both ways out. Must not know what was changed. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { GitCompareArrows, X } from 'lucide-react';

import { staleOf } from '../api/problems';
import { texts } from '../texts';
import { CopyMark } from './CopyLine';
import { DiffView } from './DiffView';
import { IconTool } from './IconTool';
import classes from './diff.module.css';
import { ProblemNote } from './ProblemNote';

const words = texts.conflict;

interface ConflictNoteProps {
  saving: { error: unknown; isPending: boolean };
  /** Saves what was typed on top of the version that is there now. */
  onMine: (version: number) => void;
  /** Shows what is there now; what was typed must stay somewhere. */
  onTheirs: () => Promise<void>;
}

/** Nothing, unless what was saved last was refused as stale. */
export function ConflictNote({ saving, onMine, onTheirs }: ConflictNoteProps) {
  const taking = useMutation({ mutationFn: onTheirs });
  const stale = staleOf(saving.error);
  if (!stale) return null;
  return (
    <Alert color="yellow" icon={<GitCompareArrows size={18} />} title={words.title} role="alert">
      <Stack gap="xs">
        <Text size="sm">{words.text}</Text>
        <DiffView difference={stale.difference} label={texts.history.difference} />
        {taking.isError && <ProblemNote error={taking.error} />}
        <Group gap="xs">
          <Button size="xs" loading={saving.isPending} onClick={() => onMine(stale.currentVersion)}>
            {words.mine}
          </Button>
          <Button size="xs" variant="default" loading={taking.isPending} onClick={() => taking.mutate()}>
            {words.theirs}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

/** What was typed, beside what has taken its place. */
export function KeptAside({ text, onClose }: { text: string; onClose: () => void }) {
  return (
    <Stack gap={4} component="section" aria-label={words.aside} className={classes.aside}>
      <Group gap="xs" wrap="nowrap">
        <Text size="sm" fw={600}>
          {words.aside}
        </Text>
        <CopyMark text={text} label={words.copy} />
        <span style={{ flex: 1 }} />
        <IconTool label={words.close} onClick={onClose}>
          <X size={14} />
        </IconTool>
      </Group>
      <Text size="xs" c="dimmed">
        {words.asideText}
      </Text>
      <pre className={`screen ${classes.kept}`} tabIndex={0}>
        {text}
      </pre>
    </Stack>
  );
}
