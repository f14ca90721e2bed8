/** Owns the field for an answer in words, masked where they are secret. Must not know what is asked. */
import { Button, Group, PasswordInput, TextInput } from '@mantine/core';
import { useState, type FormEvent } from 'react';

import type { PromptInput } from '../../api/doing';
import { texts } from '../../texts';

const words = texts.prompt;

interface TextAnswerProps {
  input: PromptInput;
  isOff: boolean;
  onSend: (text: string) => void;
}

export default function TextAnswer({ input, isOff, onSend }: TextAnswerProps) {
  const [text, setText] = useState('');
  // What is secret is masked, and kept from the browser's memory.
  const Field = input === 'api_key' ? PasswordInput : TextInput;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() !== '' && !isOff) onSend(text.trim());
  };
  return (
    <form onSubmit={submit}>
      <Group gap="xs" align="flex-end">
        <Field
          label={words.labels[input]}
          description={words.hints[input] || undefined}
          classNames={{ input: 'mono' }}
          flex="1 1 220px"
          maw={520}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" disabled={isOff || text.trim() === ''}>
          {words.send}
        </Button>
      </Group>
    </form>
  );
}
