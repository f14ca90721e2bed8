/** Owns making a project, and its settings: name, what it is about, whether agents see it, deleting. Must not know its tasks. */
import { Button, Group, Modal, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import type { Project } from '../../api/knowledge';
import { changeProject, createProject, deleteProject, taskKeys } from '../../api/tasks';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { formErrors } from '../../parts/field-errors';
import { isAdmin, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.tasks.projects;
const FIELDS = ['name', 'description'] as const;

interface ProjectDialogProps {
  /** `null` makes a new one. */
  project: Project | null;
  onClose: () => void;
  onMade?: (project: Project) => void;
  onGone?: () => void;
}

export function ProjectDialog({ project, onClose, onMade, onGone }: ProjectDialogProps) {
  const cache = useQueryClient();
  const [name, setName] = useState(project?.name ?? '');
  const [description, setDescription] = useState(project?.description ?? '');
  const [isOpen, setOpen] = useState(project?.agentAccessible !== false);
  const saving = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), description, agentAccessible: isOpen };
      return project ? changeProject(project.id, body) : createProject(body);
    },
    onSuccess: async (saved) => {
      await cache.invalidateQueries({ queryKey: taskKeys.projects });
      void cache.invalidateQueries({ queryKey: taskKeys.all });
      onClose();
      if (!project) onMade?.(saved);
    },
  });
  const errors = formErrors(saving.error, FIELDS);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() !== '' && !saving.isPending) saving.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={project ? words.settings : words.new}>
      <form onSubmit={send}>
        <Stack gap="sm">
          <TextInput
            label={words.name}
            data-autofocus
            value={name}
            error={errors.at.name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Textarea
            label={words.description}
            autosize
            minRows={2}
            maxRows={8}
            value={description}
            error={errors.at.description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Switch
            label={words.agents.label}
            description={isOpen ? words.agents.open : words.agents.closed}
            checked={isOpen}
            onChange={(event) => setOpen(event.currentTarget.checked)}
          />
          {errors.whole && <ProblemNote error={saving.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button type="submit" disabled={name.trim() === ''} loading={saving.isPending}>
              {project ? words.save : words.create}
            </Button>
          </Group>
        </Stack>
      </form>
      {project && <Deletion project={project} onClose={onClose} onGone={onGone} />}
    </Modal>
  );
}

function Deletion({ project, onClose, onGone }: ProjectDialogProps & { project: Project }) {
  const cache = useQueryClient();
  const [isAsking, { open, close }] = useDisclosure(false);
  const deleting = useMutation<unknown, unknown, void>({
    mutationFn: () => deleteProject(project.id),
    onSuccess: () => {
      onClose();
      onGone?.();
      void cache.invalidateQueries({ queryKey: taskKeys.projects });
      void cache.invalidateQueries({ queryKey: taskKeys.all });
    },
  });
  if (!isAdmin(useMe())) return null;
  return (
    <Stack gap={6} mt="lg">
      <Text size="xs" c="dimmed">
        {words.deleteText}
      </Text>
      <Button color="red" variant="outline" size="xs" w="fit-content" onClick={open}>
        {words.delete}
      </Button>
      <ConfirmDialog
        title={words.deleteTitle(project.name)}
        text={words.deleteText}
        action={words.delete}
        doing={deleting}
        isOpen={isAsking}
        onClose={close}
      />
    </Stack>
  );
}
