/** Owns a line of text that can be copied: a command, a link, a token. Must not know what it means. */
import { ActionIcon, CopyButton, Group, Tooltip } from '@mantine/core';
import { Check, Copy } from 'lucide-react';

import { texts } from '../texts';

export function CopyLine({ text, label }: { text: string; label?: string }) {
  return (
    <Group gap={4} wrap="nowrap" className="screen" style={{ overflow: 'hidden' }}>
      <code style={{ flex: 1, minWidth: 0, overflowX: 'auto', fontFamily: 'inherit' }} aria-label={label}>
        {text}
      </code>
      <CopyMark text={text} />
    </Group>
  );
}

export function CopyMark({ text, label = texts.copy.action }: { text: string; label?: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? texts.copy.done : label}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="sm"
            onClick={copy}
            aria-label={copied ? texts.copy.done : label}
          >
            {copied ? <Check size={14} /> : <Copy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
