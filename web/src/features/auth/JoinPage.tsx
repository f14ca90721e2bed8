/** Owns the page that an invitation opens: what it is to, and the ways to join. Must not keep the token. */
import { Button, PasswordInput, SegmentedControl, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ChangeEvent, type FormEvent } from 'react';
import { Link, useLocation, useNavigate } from 'react-router';

import { invitationQuery, join } from '../../api/people';
import { keys, meQuery } from '../../api/queries';
import type { Join, Me } from '../../api/shapes';
import { formErrors } from '../../parts/field-errors';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { AuthCard } from './AuthCard';
import { SecondStep, wantsSecondFactor } from './SecondStep';

const words = texts.join;
const FIELDS = ['password', 'email', 'name', 'code'] as const;
const CODES = { LOGIN_FAILED: 'password', EMAIL_TAKEN: 'email' } as const;

export function JoinPage() {
  // In the fragment, which no server is sent.
  const token = useLocation().hash.slice(1);
  if (token === '') {
    return (
      <AuthCard title={words.title} lead={words.incomplete}>
        <Button component={Link} to="/login" variant="default">
          {words.toLogin}
        </Button>
      </AuthCard>
    );
  }
  return <Invitation token={token} />;
}

function Invitation({ token }: { token: string }) {
  const seen = useQuery(invitationQuery(token));
  const me = useQuery(meQuery);
  const [isOther, setOther] = useState(false);
  if (seen.isPending || me.isPending) {
    return (
      <AuthCard title={words.title} lead="">
        <Skeleton h={160} aria-label={texts.loading} />
      </AuthCard>
    );
  }
  if (!seen.data) {
    return (
      <AuthCard title={words.title} lead="">
        <ProblemNote error={seen.error} />
      </AuthCard>
    );
  }
  const { workspaceName, invitedBy, role, email } = seen.data;
  return (
    <AuthCard title={words.heading(workspaceName)} lead={words.lead(invitedBy, texts.roles[role])}>
      {me.data && !isOther ? (
        <JoinAsMe token={token} me={me.data} onOther={() => setOther(true)} />
      ) : (
        <JoinForm token={token} invited={email ?? null} />
      )}
    </AuthCard>
  );
}

/** What follows a join: the pages of the new workspace, and nothing of a former one. */
function useJoining() {
  const cache = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: join,
    onSuccess: (me) => {
      cache.clear();
      cache.setQueryData(keys.me, me);
      void navigate('/agents', { replace: true });
    },
  });
}

function JoinAsMe({ token, me, onOther }: { token: string; me: Me; onOther: () => void }) {
  const joining = useJoining();
  return (
    <Stack>
      <Text size="sm">{words.signedInAs(me.user.name, me.user.email)}</Text>
      {joining.isError && <ProblemNote error={joining.error} />}
      <Button loading={joining.isPending} onClick={() => joining.mutate({ token })}>
        {words.asMe(me.user.name)}
      </Button>
      <Button variant="subtle" color="gray" onClick={onOther}>
        {words.other}
      </Button>
    </Stack>
  );
}

function JoinForm({ token, invited }: { token: string; invited: string | null }) {
  const joining = useJoining();
  const [isKnown, setKnown] = useState(false);
  const [form, setForm] = useState({ email: invited ?? '', name: '', password: '', code: '' });
  const wantsCode = wantsSecondFactor(joining.error) || form.code !== '';
  const errors = formErrors(joining.error, FIELDS, CODES);
  const bind = (field: keyof typeof form) => ({
    value: form[field],
    error: errors.at[field],
    onChange: (event: ChangeEvent<HTMLInputElement>) =>
      setForm({ ...form, [field]: event.currentTarget.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body: Join = { token, email: form.email, password: form.password };
    if (!isKnown) body.name = form.name;
    if (form.code !== '') body.code = form.code;
    joining.mutate(body);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <SegmentedControl
          fullWidth
          value={isKnown ? 'known' : 'fresh'}
          data={[
            { value: 'fresh', label: words.fresh },
            { value: 'known', label: words.known },
          ]}
          onChange={(which) => setKnown(which === 'known')}
        />
        <TextInput
          {...bind('email')}
          label={texts.fields.email}
          type="email"
          autoComplete="username"
          required
          readOnly={invited !== null}
        />
        {!isKnown && <TextInput {...bind('name')} label={texts.fields.name} autoComplete="name" required />}
        <PasswordInput
          {...bind('password')}
          label={texts.fields.password}
          description={isKnown ? undefined : texts.security.password.newHint}
          autoComplete={isKnown ? 'current-password' : 'new-password'}
          required
        />
        {wantsCode && (
          <SecondStep
            code={form.code}
            refused={
              wantsSecondFactor(joining.error) && form.code !== '' ? texts.secondStep.wrong : undefined
            }
            onChange={(code) => setForm({ ...form, code })}
          />
        )}
        {errors.whole && !wantsSecondFactor(joining.error) && <ProblemNote error={joining.error} />}
        <Button type="submit" loading={joining.isPending}>
          {words.action}
        </Button>
      </Stack>
    </form>
  );
}
