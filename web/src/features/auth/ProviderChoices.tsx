/** Owns the other services on the sign-in page, and why one did not sign in. Must not know how they do it. */
import { Alert, Button, Divider, Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { CircleAlert, LogIn } from 'lucide-react';

import { choicesQuery, startUrl } from '../../api/openid';
import { texts } from '../../texts';

const words = texts.openid;

export function ProviderChoices() {
  const choices = useQuery(choicesQuery);
  // Without them one still signs in with a password: neither waiting nor failing is worth a word here.
  if (!choices.data || choices.data.items.length === 0) return null;
  return (
    <Stack gap="sm">
      <Divider label={words.or} labelPosition="center" />
      {choices.data.items.map((choice) => (
        <Button
          key={choice.id}
          component="a"
          href={startUrl(choice.id)}
          variant="default"
          leftSection={<LogIn size={16} aria-hidden />}
        >
          {words.continueWith(choice.name)}
        </Button>
      ))}
    </Stack>
  );
}

export function ProviderProblem({ code }: { code: string | null }) {
  if (!code) return null;
  return (
    <Alert
      color="red"
      variant="light"
      icon={<CircleAlert size={18} />}
      title={words.notSignedIn}
      role="alert"
    >
      {words.problems[code] ?? words.unknownProblem}
    </Alert>
  );
}
