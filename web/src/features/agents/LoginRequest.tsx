/** Owns how an agent's request to sign in is shown and answered. Must not know any provider. */
import { Alert, Button, Checkbox, Group, Stack, Text } from '@mantine/core';
import { ExternalLink, KeyRound, ShieldAlert } from 'lucide-react';
import { useState } from 'react';

import type { Agent } from '../../api/shapes';
import { CopyLine, CopyMark } from '../../parts/CopyLine';
import { mayRunAgents, useMe } from '../../parts/me';
import { texts } from '../../texts';
import { AnswerParts, chooseByKey, StaleNote } from './AnswerParts';
import classes from './doing.module.css';
import { kindOf, linkOf, type LoginLink } from './signIn';
import { useAnswer } from './useAnswer';

const words = texts.login;

export default function LoginRequest({ agent }: { agent: Agent }) {
  const { prompt } = agent;
  const answering = useAnswer(agent, prompt);
  const mayAnswer = mayRunAgents(useMe());
  const kind = kindOf(agent);
  const link = linkOf(agent);
  return (
    <section
      className={classes.ask}
      aria-label={`${words.title}: ${agent.name}`}
      tabIndex={0}
      onKeyDown={prompt && mayAnswer ? chooseByKey(prompt, answering) : undefined}
    >
      <Stack gap="xs">
        <Group gap={6} wrap="nowrap" c="var(--raven-attention)">
          <KeyRound size={16} aria-hidden style={{ flex: 'none' }} />
          <Text size="sm" fw={600}>
            {words.title}
          </Text>
        </Group>
        <Lead kind={kind} link={link} />
        <PageLink key={agent.login?.url ?? agent.loginUrl} link={link} />
        {agent.login?.userCode && <UserCode code={agent.login.userCode} />}
        {kind && link.is !== 'none' && words.then[kind] && (
          <Text size="xs" c="dimmed">
            {words.then[kind]}
          </Text>
        )}
        <StaleNote answering={answering} isGone={!prompt} />
        {prompt && mayAnswer && <AnswerParts prompt={prompt} answering={answering} />}
      </Stack>
    </section>
  );
}

function Lead({ kind, link }: { kind: ReturnType<typeof kindOf>; link: LoginLink }) {
  const lead =
    kind === 'menu' ? words.menu : kind === 'api_key' ? words.wantsKey : link.is === 'none' && words.noUrl;
  return lead ? <Text size="sm">{lead}</Text> : null;
}

function PageLink({ link }: { link: LoginLink }) {
  const [isConfirmed, setIsConfirmed] = useState(false);
  if (link.is === 'none') return null;
  if (link.is === 'odd') {
    return (
      <>
        <Text size="sm">{words.odd}</Text>
        <CopyLine text={link.text} label={words.odd} />
      </>
    );
  }
  const { url } = link;
  const isOpen = link.is === 'trusted' || isConfirmed;
  return (
    <Stack gap="xs">
      {link.is === 'unknown' && (
        <Alert
          color="red"
          variant="light"
          p="xs"
          icon={<ShieldAlert size={18} />}
          title={words.untrusted(url.host)}
        >
          <Text size="sm">{words.untrustedText}</Text>
          <CopyLine text={url.href} label={words.untrusted(url.host)} />
          <Checkbox
            mt="xs"
            label={words.confirm}
            checked={isConfirmed}
            onChange={(event) => setIsConfirmed(event.currentTarget.checked)}
          />
        </Alert>
      )}
      {isOpen && (
        <Group gap={6}>
          <Button
            component="a"
            href={url.href}
            target="_blank"
            rel="noreferrer noopener"
            size="compact-sm"
            title={words.opensIn}
            rightSection={<ExternalLink size={13} aria-hidden />}
          >
            {words.open(url.host)}
          </Button>
          <CopyMark text={url.href} label={words.copy} />
        </Group>
      )}
    </Stack>
  );
}

function UserCode({ code }: { code: string }) {
  return (
    <Group gap={8}>
      <Text size="sm">{words.code}</Text>
      <Group gap={4} wrap="nowrap">
        <code className={classes.code}>{code}</code>
        <CopyMark text={code} label={words.copyCode} />
      </Group>
    </Group>
  );
}
