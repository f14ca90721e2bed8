/** Owns how a program elsewhere is connected: the commands for each client. Must not know whose key it is. */
import { Stack, Tabs, Text } from '@mantine/core';

import { texts } from '../texts';
import { CLIENTS, keyLine, registerLine } from './connectLines';
import { CopyLine } from './CopyLine';

const words = texts.connecting;

/** What to do with an invite's token, before there is a key. */
export function Registering({ token }: { token: string }) {
  return (
    <Stack gap={6}>
      <Text size="sm">{words.register}</Text>
      <CopyLine text={registerLine(window.location.origin, token)} label={words.registerLabel} />
      <Connecting />
    </Stack>
  );
}

/** How each client is told where the tools are, and with which key. */
export function Connecting() {
  return (
    <Stack gap={6}>
      <Text size="sm">{words.keyText}</Text>
      <CopyLine text={keyLine} label={words.keyLabel} />
      <Text size="sm">{words.clientText}</Text>
      <Tabs defaultValue={CLIENTS[0]?.name} keepMounted={false}>
        <Tabs.List>
          {CLIENTS.map(({ name }) => (
            <Tabs.Tab key={name} value={name}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {CLIENTS.map(({ name, line }) => (
          <Tabs.Panel key={name} value={name} pt={6}>
            <CopyLine text={line(`${window.location.origin}/mcp`)} label={words.commandFor(name)} />
          </Tabs.Panel>
        ))}
      </Tabs>
      <Text size="xs" c="dimmed">
        {words.others}
      </Text>
    </Stack>
  );
}
