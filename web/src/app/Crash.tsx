/** Owns what is shown when a page itself broke. Must not know which page it was. */
import { Stack } from '@mantine/core';
import { useRouteError } from 'react-router';

import { ProblemNote } from '../parts/ProblemNote';

export function Crash() {
  return (
    <Stack p="lg" maw={640} mx="auto" mt="xl">
      <ProblemNote error={useRouteError()} onRetry={() => window.location.reload()} />
    </Stack>
  );
}
