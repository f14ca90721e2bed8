/** Owns the texts about sign-in by other services. Must not know components. */
const problems: Record<string, string> = {
  PROVIDER_UNUSABLE:
    'The sign-in service cannot be used now. Try again later, or tell an owner of the workspace.',
  SIGN_IN_DECLINED: 'The sign-in service did not let you in.',
  SIGN_IN_STALE:
    'This sign-in has ended, was used before, or began in another browser. Begin it again from here.',
  EMAIL_NOT_VERIFIED: 'The sign-in service does not say that your e-mail address is verified.',
  DOMAIN_NOT_ALLOWED: 'People with your e-mail address get no account here. Ask an admin for an invitation.',
  NO_ACCOUNT: 'You have no account here yet. Ask an admin for an invitation.',
  ACCOUNT_EXISTS:
    'An account with your e-mail address exists already. Log in with its password, and connect it in Settings → Security.',
  NOT_A_MEMBER: 'You are no member of this workspace. Ask an admin for an invitation.',
  CONNECTED_ELSEWHERE: 'This identity is connected to another account already.',
  RATE_LIMITED: 'Too many attempts. Wait a minute and try again.',
  NOT_FOUND: 'This sign-in service has been removed.',
};

export const openidTexts = {
  openid: {
    continueWith: (name: string) => `Continue with ${name}`,
    or: 'or',
    notSignedIn: 'You are not logged in',
    problems,
    unknownProblem: 'The sign-in did not work. Try again.',
    settings: {
      title: 'Sign-in',
      lead: 'Lets the people of this workspace log in by your identity provider, with OpenID Connect. It vouches for them: a second factor is its matter then, and Raven asks for none.',
      ownersOnly: 'Only owners see and change how people sign in.',
      redirect: 'Redirect URL',
      redirectHint: 'Register Raven with your provider under this address.',
      name: 'Name',
      nameHint: 'As the button says it: Continue with …',
      issuer: 'Issuer',
      issuerHint: 'The address under which it describes itself, such as https://id.company.com',
      clientId: 'Client ID',
      clientSecret: 'Client secret',
      secretHint: 'Kept sealed, and never shown again.',
      secretKept: 'One is kept. Fill in only to replace it, or when issuer or client ID change.',
      createAccounts: 'Make accounts for new people',
      createAccountsHint:
        'For whoever your provider vouches for with a verified address of these domains. An account that exists already is never taken over.',
      domains: 'Allowed e-mail domains',
      domainsHint: 'Separated by commas, such as company.com',
      role: 'Role of new people',
      roles: { viewer: 'Viewer: reads and watches', member: 'Member: also spawns and drives agents' },
      remove: 'Remove',
      removeTitle: 'Remove this sign-in?',
      removeText:
        'Nobody can log in by it any more; who is logged in stays so. People who have no password need one from whoever runs the server.',
    },
    connections: {
      title: 'Connected sign-ins',
      lead: 'Identities at other services that log you in here.',
      none: 'None is connected.',
      connected: 'Connected.',
      failed: 'It was not connected',
      used: 'last used',
      connect: (name: string) => `Connect ${name}`,
      connectText:
        'Whoever logs in there as you logs in here as you, without a password or second factor of Raven.',
      disconnect: 'Disconnect',
      disconnectOf: (name: string) => `Disconnect ${name}`,
      disconnectText: 'It does not log you in any more. You need your password then.',
      password: 'Your password',
      unknownEmail: 'An identity',
    },
  },
};
