/** Owns the list of one's logged-in browsers, and ending them. Must not know their cookies. */
import { Badge, Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';

import { endOtherSignIns, endSignIn, peopleKeys, signInsQuery } from '../../api/people';
import type { SignIn } from '../../api/shapes';
import { ProblemNote } from '../../parts/ProblemNote';
import { Ago } from '../../parts/RelativeTime';
import { texts } from '../../texts';
import { ListPart, ListRow } from './ListPart';

const words = texts.security.sessions;

export function SessionsPart() {
  const cache = useQueryClient();
  const signIns = useQuery(signInsQuery);
  const ending = useMutation({
    mutationFn: endOtherSignIns,
    onSettled: () => cache.invalidateQueries({ queryKey: peopleKeys.signIns }),
  });
  return (
    <ListPart
      title={words.title}
      lead={words.lead}
      asked={signIns}
      rows={({ items }) => (
        <>
          {items.map((signIn) => (
            <SignInRow key={signIn.id} signIn={signIn} />
          ))}
          {items.length > 1 && (
            <li>
              <Button mt="xs" variant="default" loading={ending.isPending} onClick={() => ending.mutate()}>
                {words.endOthers}
              </Button>
              {ending.isError && <ProblemNote error={ending.error} />}
            </li>
          )}
        </>
      )}
    />
  );
}

function SignInRow({ signIn }: { signIn: SignIn }) {
  const cache = useQueryClient();
  const browser = signIn.userAgent ?? words.unknown;
  const ending = useMutation({
    mutationFn: () => endSignIn(signIn.id),
    onSettled: () => cache.invalidateQueries({ queryKey: peopleKeys.signIns }),
  });
  return (
    <ListRow
      name={browser}
      about={
        <>
          {signIn.address} · {words.seen} <Ago moment={signIn.lastSeenAt} />
        </>
      }
      end={
        signIn.current ? (
          <Badge variant="light">{words.current}</Badge>
        ) : (
          <Button
            size="compact-sm"
            variant="default"
            loading={ending.isPending}
            aria-label={words.endOf(browser)}
            onClick={() => ending.mutate()}
          >
            {words.end}
          </Button>
        )
      }
    >
      {ending.isError && <ProblemNote error={ending.error} />}
    </ListRow>
  );
}
