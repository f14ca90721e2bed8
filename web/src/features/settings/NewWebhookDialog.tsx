/** Owns making a webhook, and showing a secret once. Must not keep it. */
import { Button, Checkbox, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';

import { createWebhook, notificationKeys, type Topic } from '../../api/notifications';
import { CopyLine } from '../../parts/CopyLine';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';

const words = texts.notifications.webhooks;
const TOPICS = Object.keys(texts.notifications.topics) as Topic[];

/** A secret that is shown this once. */
export interface Shown {
  name: string;
  secret: string;
}

export function NewWebhookDialog({
  onClose,
  onMade,
}: {
  onClose: () => void;
  onMade: (shown: Shown) => void;
}) {
  const cache = useQueryClient();
  const [name, setName] = useState('');
  const [url, setUrl] = useState('');
  const [topics, setTopics] = useState<Topic[]>(TOPICS);
  const making = useMutation({
    mutationFn: () => createWebhook({ name: name.trim(), url: url.trim(), topics }),
    onSuccess: ({ secret }) => {
      void cache.invalidateQueries({ queryKey: notificationKeys.webhooks });
      onClose();
      onMade({ name: name.trim(), secret });
    },
  });
  const errors = formErrors(making.error, ['name', 'url', 'topics'] as const);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    making.mutate();
  };
  return (
    <Modal opened onClose={onClose} title={words.createTitle}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={words.name}
            placeholder={words.namePlaceholder}
            required
            data-autofocus
            value={name}
            error={errors.at.name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <TextInput
            label={words.url}
            placeholder={words.urlPlaceholder}
            required
            value={url}
            error={errors.at.url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Checkbox.Group
            label={words.topics}
            value={topics}
            error={errors.at.topics}
            onChange={(chosen) => setTopics(chosen as Topic[])}
          >
            <Stack gap={8} mt={8}>
              {TOPICS.map((topic) => (
                <Checkbox
                  key={topic}
                  value={topic}
                  label={texts.notifications.topics[topic]}
                  description={texts.notifications.topicsAbout[topic]}
                />
              ))}
            </Stack>
          </Checkbox.Group>
          {errors.whole && <ProblemNote error={making.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {texts.cancel}
            </Button>
            <Button
              type="submit"
              loading={making.isPending}
              disabled={name.trim() === '' || url.trim() === '' || topics.length === 0}
            >
              {words.make}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function SecretDialog({ shown, onClose }: { shown: Shown; onClose: () => void }) {
  const title = words.secretTitle(shown.name);
  return (
    <Modal opened onClose={onClose} title={title} closeOnClickOutside={false}>
      <Stack>
        <Text size="sm">{words.secretText}</Text>
        <CopyLine text={shown.secret} label={title} />
        <Group justify="flex-end">
          <Button onClick={onClose}>{words.close}</Button>
        </Group>
      </Stack>
    </Modal>
  );
}
