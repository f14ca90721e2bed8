/** Owns whether a page is open to agents, and says what closing it closes. Must not decide what agents may do. */
import { Stack, Switch } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import type { Page } from '../../api/knowledge';
import { changePage, pageKeys } from '../../api/pages';
import { mayWrite, useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import classes from './pages.module.css';

const words = texts.pages.agents;

export function AgentAccess({ page }: { page: Page }) {
  const cache = useQueryClient();
  const may = mayWrite(useMe());
  const changing = useMutation({
    mutationFn: (agentAccessible: boolean) => changePage(page.id, { agentAccessible, version: page.version }),
    onSuccess: (changed) => {
      cache.setQueryData(pageKeys.one(page.id), changed);
      void cache.invalidateQueries({ queryKey: pageKeys.all });
    },
  });
  const isInherited = page.agentAccessible && !page.isAgentAccessible;
  const about = isInherited ? words.inherited : page.agentAccessible ? words.open : words.closed;
  return (
    <Stack gap="xs" className={classes.access}>
      <Switch
        label={words.label}
        description={about}
        checked={page.agentAccessible}
        disabled={!may || changing.isPending}
        onChange={(event) => changing.mutate(event.currentTarget.checked)}
      />
      {changing.isError && <ProblemNote error={changing.error} />}
    </Stack>
  );
}
