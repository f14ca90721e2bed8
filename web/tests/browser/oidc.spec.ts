/** Owns the proof that people log in by a real OpenID Connect provider, and that nobody else does. Must not know its insides. */
import { join } from 'node:path';

import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';

import { login, OWNER, picture, setUp } from './pages';
import { Program, Stack } from './programs';

const SECRET = 'a secret of the client 7c1e';
const PROVIDER = join(import.meta.dirname, 'provider.mjs');

let stack: Stack;
let provider: Program;
let url: string;

test.describe.configure({ mode: 'serial' });

test.beforeAll(async () => {
  stack = await Stack.start();
  // The name that the server is told to have: providers send browsers back there.
  url = stack.wire.url;
  const redirect = new URL('/api/auth/oidc/callback', url).href;
  provider = await Program.start(process.execPath, [PROVIDER, redirect, SECRET], { issuer: /^issuer (\S+)/ });
});

test.afterAll(async () => {
  try {
    await provider?.stop();
  } finally {
    await stack?.stop();
  }
});

interface Me {
  user: { id: string; email: string };
  role: string;
}

async function me(page: Page): Promise<Me> {
  return (await (await page.request.get(`${url}/api/auth/me`)).json()) as Me;
}

/** Somebody's own browser. */
async function somebody(browser: Browser): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext();
  return { context, page: await context.newPage() };
}

/** Signs in at the provider's own form. */
async function signInThere(page: Page, name: string): Promise<void> {
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

async function continueAs(page: Page, name: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByRole('link', { name: 'Continue with Company ID' }).click();
  await signInThere(page, name);
}

/** The owner's browser, by their password. */
async function owner(browser: Browser): Promise<{ context: BrowserContext; page: Page }> {
  const it = await somebody(browser);
  await login(it.page, url, OWNER);
  return it;
}

test('owners name a provider, and see its secret never again', async ({ browser }) => {
  const { context, page } = await somebody(browser);
  await setUp(page, url, stack.docs.fact('code'));
  await page.goto(`${url}/settings/sign-in`);
  await expect(page.getByLabel('Redirect URL')).toHaveText(new URL('/api/auth/oidc/callback', url).href);
  await page.getByLabel('Name').fill('Company ID');
  await page.getByLabel('Issuer').fill('http://127.0.0.1:9');
  await page.getByLabel('Client ID').fill('raven');
  await page.getByRole('textbox', { name: 'Client secret' }).fill(SECRET);
  await page.getByRole('switch', { name: 'Make accounts for new people' }).check();
  await page.getByLabel('Allowed e-mail domains').fill('company.test, example.com');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('does not answer as an OpenID Connect issuer')).toBeVisible();
  await page.getByLabel('Issuer').fill(provider.fact('issuer'));
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('One is kept.')).toBeVisible();
  await picture(page, 'sign-in-settings');
  const kept = await (await page.request.get(`${url}/api/workspace/sign-in`)).text();
  expect(kept).toContain('"createAccounts":true');
  expect(kept).not.toContain(SECRET);
  const log = await (await page.request.get(`${url}/api/audit?action=sign_in_provider.set`)).text();
  expect(log).toContain('Company ID');
  expect(log).not.toContain(SECRET);
  // A new issuer does not get the secret of the old one.
  const moved = await page.request.put(`${url}/api/workspace/sign-in`, {
    headers: { origin: url },
    data: {
      name: 'Company ID',
      issuer: provider.fact('issuer'),
      clientId: 'another',
      defaultRole: 'viewer',
      createAccounts: false,
    },
  });
  expect(moved.status()).toBe(422);
  await context.close();
});

test('a newcomer gets an account in the default role, and the same one the next time', async ({
  browser,
}) => {
  const first = await somebody(browser);
  await first.page.goto(`${url}/login`);
  await expect(first.page.getByRole('link', { name: 'Continue with Company ID' })).toBeVisible();
  await picture(first.page, 'sign-in-choice');
  await continueAs(first.page, 'grace');
  await expect(first.page.getByRole('heading', { name: 'Agents', level: 1 })).toBeVisible();
  const made = await me(first.page);
  expect(made.role).toBe('viewer');
  expect(made.user.email).toBe('grace@company.test');
  await first.context.close();
  const again = await somebody(browser);
  await continueAs(again.page, 'grace');
  await expect(again.page.getByRole('heading', { name: 'Agents', level: 1 })).toBeVisible();
  expect((await me(again.page)).user.id).toBe(made.user.id);
  await again.context.close();
});

test('whom the provider has not verified, or from elsewhere, gets no account', async ({ browser }) => {
  for (const [name, words] of [
    ['mallory', 'does not say that your e-mail address is verified'],
    ['eve', 'get no account here'],
  ] as const) {
    const { context, page } = await somebody(browser);
    await continueAs(page, name);
    await expect(page.getByRole('alert')).toContainText(words);
    expect((await page.request.get(`${url}/api/auth/me`)).status()).toBe(401);
    await context.close();
  }
});

test('an answer counts once, and only in the browser that asked', async ({ browser }) => {
  const { context, page } = await somebody(browser);
  let answer = '';
  page.on('request', (request) => {
    if (request.url().includes('/api/auth/oidc/callback')) answer = request.url();
  });
  await continueAs(page, 'grace');
  await expect(page.getByRole('heading', { name: 'Agents', level: 1 })).toBeVisible();
  await context.clearCookies();
  await page.goto(answer);
  await expect(page.getByRole('alert')).toContainText('was used before');
  await page.goto(`${url}/api/auth/oidc/callback?state=guessed&code=guessed`);
  await expect(page.getByRole('alert')).toContainText('This sign-in has ended');
  await picture(page, 'sign-in-refused');

  // Somebody has another go where they began it.
  const id = (await (await page.request.get(`${url}/api/auth/providers`)).json()) as {
    items: { id: string }[];
  };
  const begun = await page.request.get(`${url}/api/auth/oidc/${id.items[0]?.id}/start`, { maxRedirects: 0 });
  expect(begun.status()).toBe(303);
  const there = begun.headers().location ?? '';
  expect(there).toContain('code_challenge_method=S256');
  const other = await somebody(browser);
  await other.page.goto(there);
  await signInThere(other.page, 'grace');
  await expect(other.page.getByRole('alert')).toContainText('began in another browser');
  expect((await other.page.request.get(`${url}/api/auth/me`)).status()).toBe(401);
  await other.context.close();
  await context.close();
});

test('an account that exists is not taken over by its address, but connected by its owner', async ({
  browser,
}) => {
  const stranger = await somebody(browser);
  await continueAs(stranger.page, 'ada');
  await expect(stranger.page.getByRole('alert')).toContainText('exists already');
  expect((await stranger.page.request.get(`${url}/api/auth/me`)).status()).toBe(401);
  await stranger.context.close();

  const ada = await owner(browser);
  const before = await me(ada.page);
  await ada.page.goto(`${url}/settings/security`);
  const part = ada.page.getByRole('region', { name: 'Connected sign-ins' });
  await part.getByRole('button', { name: 'Connect Company ID' }).click();
  const dialog = ada.page.getByRole('dialog');
  await dialog.getByRole('textbox', { name: 'Your password' }).fill('not my password');
  await dialog.getByRole('button', { name: 'Connect Company ID' }).click();
  await expect(dialog).toContainText('is not your password');
  await dialog.getByRole('textbox', { name: 'Your password' }).fill(OWNER.password);
  await dialog.getByRole('button', { name: 'Connect Company ID' }).click();
  await signInThere(ada.page, 'ada');
  await expect(part.getByRole('status')).toContainText('Connected.');
  await expect(part.getByText('ada@example.com')).toBeVisible();
  await picture(ada.page, 'connected-sign-ins');
  await ada.context.close();

  const later = await somebody(browser);
  await continueAs(later.page, 'ada');
  await expect(later.page.getByRole('heading', { name: 'Agents', level: 1 })).toBeVisible();
  expect((await me(later.page)).user.id).toBe(before.user.id);
  await later.context.close();
});

test('a connection that was ended signs nobody in, and its beginning and end are on record', async ({
  browser,
}) => {
  const ada = await owner(browser);
  await ada.page.goto(`${url}/settings/security`);
  await ada.page.getByRole('button', { name: 'Disconnect ada@example.com' }).click();
  const dialog = ada.page.getByRole('dialog', { name: 'Disconnect ada@example.com' });
  await dialog.getByRole('textbox', { name: 'Your password' }).fill(OWNER.password);
  await dialog.getByRole('button', { name: 'Disconnect' }).click();
  await expect(ada.page.getByRole('button', { name: 'Disconnect ada@example.com' })).toHaveCount(0);
  await ada.context.close();
  const { context, page } = await somebody(browser);
  await continueAs(page, 'ada');
  await expect(page.getByRole('alert')).toContainText('exists already');
  await context.close();
  const log = await stack.audited();
  for (const action of ['identity.connect', 'identity.disconnect']) expect(log).toContain(`"${action}"`);
});

test('a provider that was removed signs nobody in', async ({ browser }) => {
  const ada = await owner(browser);
  const { items } = (await (await ada.page.request.get(`${url}/api/auth/providers`)).json()) as {
    items: { id: string }[];
  };
  // Somebody is on their way while it is removed.
  const { context, page } = await somebody(browser);
  await page.goto(`${url}/login`);
  await page.getByRole('link', { name: 'Continue with Company ID' }).click();
  await expect(page.getByPlaceholder('Enter any login')).toBeVisible();
  await ada.page.goto(`${url}/settings/sign-in`);
  await ada.page.getByRole('button', { name: 'Remove' }).click();
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(ada.page.getByText('Kept sealed')).toBeVisible();
  const log = await ada.page.request.get(`${url}/api/audit?action=sign_in_provider.remove`);
  expect(await log.text()).toContain('Company ID');
  await signInThere(page, 'grace');
  await expect(page.getByRole('alert')).toContainText('This sign-in has ended');
  await page.goto(`${url}/api/auth/oidc/${items[0]?.id}/start`);
  await expect(page.getByRole('alert')).toContainText('has been removed');
  await expect(page.getByRole('link', { name: 'Continue with Company ID' })).toHaveCount(0);
  await ada.context.close();
  await context.close();
});
