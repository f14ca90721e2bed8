/** Owns how the form of the sign-in service maps to what is sent. Must not draw. */
import type { SignInProviderChange, SignInSettings } from '../../api/openid';

export interface SignInFields {
  name: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  domains: string;
  role: 'viewer' | 'member';
  createAccounts: boolean;
}

export function fieldsOf(provider: SignInSettings['provider']): SignInFields {
  return {
    name: provider?.name ?? '',
    issuer: provider?.issuer ?? '',
    clientId: provider?.clientId ?? '',
    clientSecret: '',
    domains: provider?.allowedDomains.join(', ') ?? '',
    role: provider?.defaultRole ?? 'viewer',
    createAccounts: provider?.createAccounts ?? false,
  };
}

export function changeOf(form: SignInFields): SignInProviderChange {
  const domains = form.domains.split(/[\s,;]+/).filter((domain) => domain !== '');
  return {
    name: form.name,
    issuer: form.issuer,
    clientId: form.clientId,
    ...(form.clientSecret === '' ? {} : { clientSecret: form.clientSecret }),
    allowedDomains: domains,
    defaultRole: form.role,
    createAccounts: form.createAccounts,
  };
}
