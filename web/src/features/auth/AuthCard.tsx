/** Owns the frame around the pages before the login. Must not know their fields. */
import { Center, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import { SquareTerminal } from 'lucide-react';
import type { ReactNode } from 'react';

import { texts } from '../../texts';

export function AuthCard({ title, lead, children }: { title: string; lead: string; children: ReactNode }) {
  return (
    <Center component="main" mih="100%" p="md">
      <title>{texts.title(title)}</title>
      <Paper withBorder radius="lg" p={{ base: 'lg', sm: 'xl' }} w="100%" maw={420} className="surface">
        <Stack gap="lg">
          <Stack gap={6}>
            <ThemeIcon size={40} radius="md" aria-hidden>
              <SquareTerminal size={22} />
            </ThemeIcon>
            <Title order={1}>{title}</Title>
            <Text size="sm" c="dimmed">
              {lead}
            </Text>
          </Stack>
          {children}
        </Stack>
      </Paper>
    </Center>
  );
}
