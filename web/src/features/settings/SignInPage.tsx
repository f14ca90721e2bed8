/** Owns Settings → Sign-in: the service that vouches for the people of the workspace. Must not know how a sign-in goes. */
import {
  Button,
  Group,
  Input,
  NativeSelect,
  PasswordInput,
  Skeleton,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type ChangeEvent, type FormEvent } from 'react';

import {
  openidKeys,
  removeSignIn,
  setSignIn,
  signInSettingsQuery,
  type SignInSettings,
} from '../../api/openid';
import { ConfirmDialog } from '../../parts/ConfirmDialog';
import { CopyLine } from '../../parts/CopyLine';
import { formErrors } from '../../parts/field-errors';
import { useMe } from '../../parts/me';
import { ProblemNote } from '../../parts/ProblemNote';
import { texts } from '../../texts';
import { ReadOnlyNote, SettingsPart } from './SettingsLayout';
import { changeOf, fieldsOf, type SignInFields } from './signInFields';

const words = texts.openid.settings;
const FIELDS = ['name', 'issuer', 'clientId', 'clientSecret', 'allowedDomains', 'defaultRole'] as const;

export function SignInPage() {
  const isOwner = useMe().role === 'owner';
  return (
    <SettingsPart title={words.title} lead={words.lead}>
      {isOwner ? <OwnersPart /> : <ReadOnlyNote reason={words.ownersOnly} />}
    </SettingsPart>
  );
}

function OwnersPart() {
  const settings = useQuery(signInSettingsQuery);
  if (settings.isPending) return <Skeleton h={420} aria-label={texts.loading} />;
  if (!settings.data) return <ProblemNote error={settings.error} onRetry={() => void settings.refetch()} />;
  const { provider, redirectUrl } = settings.data;
  return (
    <Stack gap="md">
      <Input.Wrapper label={words.redirect} description={words.redirectHint}>
        <div style={{ marginTop: 6 }}>
          <CopyLine text={redirectUrl} label={words.redirect} />
        </div>
      </Input.Wrapper>
      <ProviderForm key={provider?.updatedAt ?? 'none'} provider={provider ?? null} />
    </Stack>
  );
}

function ProviderForm({ provider }: { provider: NonNullable<SignInSettings['provider']> | null }) {
  const cache = useQueryClient();
  const [form, setForm] = useState(() => fieldsOf(provider));
  const saving = useMutation({
    mutationFn: () => setSignIn(changeOf(form)),
    onSuccess: (saved) => {
      cache.setQueryData(openidKeys.settings, saved);
      void cache.invalidateQueries({ queryKey: openidKeys.connections });
    },
  });
  const errors = formErrors(saving.error, FIELDS);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  const edit = (part: Partial<SignInFields>) => setForm((known) => ({ ...known, ...part }));
  const bind = (field: 'name' | 'issuer' | 'clientId' | 'clientSecret') => ({
    label: words[field],
    value: form[field],
    error: errors.at[field],
    maw: 440,
    onChange: (event: ChangeEvent<HTMLInputElement>) => edit({ [field]: event.currentTarget.value }),
  });
  return (
    <form onSubmit={submit}>
      <Stack gap="md">
        <TextInput {...bind('name')} description={words.nameHint} required />
        <TextInput {...bind('issuer')} description={words.issuerHint} type="url" required />
        <TextInput {...bind('clientId')} required autoComplete="off" />
        <PasswordInput
          {...bind('clientSecret')}
          description={provider ? words.secretKept : words.secretHint}
          required={!provider}
          autoComplete="new-password"
        />
        <NewPeople
          form={form}
          errors={{ domains: errors.at.allowedDomains, role: errors.at.defaultRole }}
          onChange={edit}
        />
        {errors.whole && <ProblemNote error={saving.error} />}
        <Group gap="sm">
          <Button type="submit" loading={saving.isPending}>
            {texts.save}
          </Button>
          {provider && <RemoveButton />}
          <Text size="sm" c="dimmed" role="status">
            {saving.isSuccess ? texts.saved : ''}
          </Text>
        </Group>
      </Stack>
    </form>
  );
}

interface NewPeopleProps {
  form: SignInFields;
  errors: { domains?: string; role?: string };
  onChange: (part: Partial<SignInFields>) => void;
}

function NewPeople({ form, errors, onChange }: NewPeopleProps) {
  return (
    <>
      <Switch
        label={words.createAccounts}
        description={words.createAccountsHint}
        checked={form.createAccounts}
        onChange={(event) => onChange({ createAccounts: event.currentTarget.checked })}
      />
      <TextInput
        label={words.domains}
        description={words.domainsHint}
        maw={440}
        value={form.domains}
        error={errors.domains}
        required={form.createAccounts}
        onChange={(event) => onChange({ domains: event.currentTarget.value })}
      />
      <NativeSelect
        label={words.role}
        maw={440}
        value={form.role}
        error={errors.role}
        data={[
          { value: 'viewer', label: words.roles.viewer },
          { value: 'member', label: words.roles.member },
        ]}
        onChange={(event) => onChange({ role: event.currentTarget.value === 'member' ? 'member' : 'viewer' })}
      />
    </>
  );
}

function RemoveButton() {
  const cache = useQueryClient();
  const [isOpen, dialog] = useDisclosure();
  const removing = useMutation<unknown, unknown, void>({
    mutationFn: removeSignIn,
    onSuccess: () => {
      dialog.close();
      return cache.invalidateQueries({ queryKey: openidKeys.settings });
    },
  });
  return (
    <>
      <Button variant="default" onClick={dialog.open}>
        {words.remove}
      </Button>
      <ConfirmDialog
        title={words.removeTitle}
        text={words.removeText}
        action={words.remove}
        doing={removing}
        isOpen={isOpen}
        onClose={dialog.close}
      />
    </>
  );
}
