/** Owns how an agent's request to sign in is shown. Must not know any provider. */
import { Alert, Anchor, Group, Text } from '@mantine/core';
import { KeyRound } from 'lucide-react';

import type { Agent } from '../../api/shapes';
import { CopyMark } from '../../parts/CopyLine';
import { texts } from '../../texts';

const words = texts.loginRequired;

export function LoginCard({ agent }: { agent: Agent }) {
  if (agent.status !== 'login_required') return null;
  const url = safeUrl(agent.loginUrl);
  return (
    <Alert
      mx={{ base: 'sm', sm: 'lg' }}
      mt="sm"
      color="orange"
      variant="light"
      icon={<KeyRound size={18} />}
      title={words.title}
      style={{ flex: 'none' }}
    >
      {url ? (
        <Group gap="xs">
          <Anchor href={url.href} target="_blank" rel="noreferrer noopener" size="sm">
            {words.openAt(url.host)}
          </Anchor>
          <CopyMark text={url.href} label={words.copy} />
        </Group>
      ) : (
        <Text size="sm">{words.noUrl}</Text>
      )}
    </Alert>
  );
}

/** Only web addresses become links: the text comes from a program's screen. */
function safeUrl(text: string | null | undefined): URL | null {
  if (!text || !URL.canParse(text)) return null;
  const url = new URL(text);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url : null;
}
