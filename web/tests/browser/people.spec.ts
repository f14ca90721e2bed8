/** Owns how people come, change and go: invitations, roles, removal, second factor, sessions, workspaces. */
import { createHmac } from 'node:crypto';

import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { login, OWNER, picture, setUp } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const NORA = { email: 'nora@example.com', name: 'Nora', password: 'quite a good password' };

let stack: Stack;
let contexts: BrowserContext[];
let page: Page;
let second: Page;
let secret: string;

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  const fresh = () => browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  contexts = [await fresh(), await fresh()];
  page = await contexts[0]!.newPage();
  second = await contexts[1]!.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
});

test.afterAll(async () => {
  for (const context of contexts ?? []) await context.close();
  await stack?.stop();
});

/** The code of an authenticator app, so many steps from now. */
function code(steps: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = [...secret].map((letter) => alphabet.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const seed = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const mac = createHmac('sha1', seed).update(counter).digest();
  const at = mac[19]! & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const member = (of: Page, name: string) => of.getByRole('listitem', { name, exact: true });

test('somebody is invited by a link, and joins in another browser', async () => {
  await page.goto(`${stack.url}/settings/members`);
  await expect(member(page, OWNER.name)).toContainText('you');
  await page.getByRole('button', { name: 'Invite' }).click();
  const dialog = page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('E-mail address').fill(NORA.email);
  await picture(page, 'invite');
  await dialog.getByRole('button', { name: 'Make link' }).click();
  const link = await dialog.getByLabel('Invitation link').innerText();
  expect(link).toMatch(/\/join#raven_inv_/);
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('listitem', { name: NORA.email })).toBeVisible();

  await second.goto(link.replace(/^.*\/join/, `${stack.url}/join`));
  await expect(second.getByRole('heading', { name: 'Join Lovelace Works' })).toBeVisible();
  await expect(second.getByText('Ada invites you as Member.')).toBeVisible();
  await expect(second.getByLabel('E-mail')).toHaveValue(NORA.email);
  await second.getByLabel('Your name').fill(NORA.name);
  await second.getByRole('textbox', { name: 'Password' }).fill(NORA.password);
  await picture(second, 'join');
  await second.getByRole('button', { name: 'Join', exact: true }).click();
  await expect(second.getByRole('heading', { name: 'Agents', level: 1 })).toBeVisible();
  expect(second.url()).not.toContain('raven_inv_');

  await expect(member(page, NORA.name), 'without a reload').toBeVisible();
  await expect(page.getByText('No invitation is open.')).toBeVisible();
  await picture(page, 'members');
});

test('a used link says so', async () => {
  await page.goto(`${stack.url}/join#raven_inv_used`);
  await expect(page.getByText('The invitation has ended')).toBeVisible();
});

test('a role that changes is seen at once', async () => {
  await second.goto(`${stack.url}/settings/agents`);
  await expect(second.getByRole('button', { name: 'Spawn Agents' })).toBeVisible();
  await page.goto(`${stack.url}/settings/members`);
  await page.getByLabel(`Role of ${NORA.name}`).selectOption('viewer');
  await expect(second.getByRole('button', { name: 'Spawn Agents' })).toBeHidden();
  await page.getByLabel(`Role of ${NORA.name}`).selectOption('member');
  await expect(second.getByRole('button', { name: 'Spawn Agents' })).toBeVisible();
  await second.goto(`${stack.url}/settings/members`);
  await expect(member(second, OWNER.name)).toBeVisible();
  await expect(second.getByRole('button', { name: `Remove ${OWNER.name}` })).toBeHidden();
  await expect(page.getByRole('button', { name: 'Leave' })).toBeVisible();
});

test('the last owner stays', async () => {
  await page.getByLabel(`Role of ${OWNER.name}`).selectOption('admin');
  await expect(member(page, OWNER.name)).toContainText("this is the workspace's last owner");
  await expect(page.getByLabel(`Role of ${OWNER.name}`)).toHaveValue('owner');
});

test('a second factor is set up, and asked for at the login', async () => {
  await page.goto(`${stack.url}/settings/security`);
  await page.getByRole('button', { name: 'Set up' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set up a second factor' });
  await dialog.getByRole('textbox', { name: 'Password' }).fill('not the password');
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expect(dialog.getByText('is not your password')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await dialog.getByRole('button', { name: 'Next' }).click();
  await expect(dialog.getByRole('img', { name: 'QR code of the secret' })).toBeVisible();
  secret = await dialog.getByLabel('Secret', { exact: true }).innerText();
  await picture(page, 'second-factor');
  await dialog.getByLabel('Code from the app').fill(code(0));
  await dialog.getByRole('button', { name: 'Turn on' }).click();
  await expect(dialog.getByLabel('Recovery codes', { exact: true }).locator('code')).toHaveCount(10);
  const recovery = await dialog
    .getByLabel('Recovery codes', { exact: true })
    .locator('code')
    .first()
    .innerText();
  await picture(page, 'recovery-codes');
  await dialog.getByRole('button', { name: 'Done' }).click();
  await expect(page.getByRole('button', { name: 'Turn off' })).toBeVisible();
  await picture(page, 'security');

  const third = await contexts[0]!.browser()!.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  contexts.push(third);
  const phone = await third.newPage();
  await phone.goto(`${stack.url}/login`);
  await phone.getByLabel('E-mail').fill(OWNER.email);
  await phone.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await phone.getByRole('button', { name: 'Log in' }).click();
  await phone.getByLabel('Code').fill('000000');
  await phone.getByRole('button', { name: 'Log in' }).click();
  await expect(phone.getByText('This code is wrong')).toBeVisible();
  await picture(phone, 'login-code');
  await phone.getByLabel('Code').fill(recovery);
  await phone.getByRole('button', { name: 'Log in' }).click();
  await expect(phone.getByRole('heading', { name: 'Agents', level: 1 })).toBeVisible();

  // What is ended elsewhere is over here at once.
  await page.reload();
  await page.getByRole('button', { name: 'Log out all others' }).click();
  await expect(phone).toHaveURL(/\/login/);
});

test('people have several workspaces, one at a time', async () => {
  await page.goto(`${stack.url}/agents`);
  await page.getByRole('button', { name: 'Workspace: Lovelace Works' }).click();
  await page.getByRole('menuitem', { name: 'New workspace…' }).click();
  await page.getByRole('dialog').getByLabel('Name').fill('Analytical Engines');
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('button', { name: 'Workspace: Analytical Engines' })).toBeVisible();
  await page.goto(`${stack.url}/settings/members`);
  await expect(member(page, OWNER.name)).toBeVisible();
  await expect(member(page, NORA.name)).toBeHidden();
  await page.getByRole('button', { name: 'Workspace: Analytical Engines' }).click();
  await picture(page, 'workspaces');
  await page.getByRole('menuitem', { name: /Lovelace Works/ }).click();
  await expect(page.getByRole('button', { name: 'Workspace: Lovelace Works' })).toBeVisible();
});

test('a token says what it may do, and until when', async () => {
  await page.goto(`${stack.url}/settings/tokens`);
  await page.getByLabel('Name').fill('nightly');
  await page.getByLabel('May do').selectOption('read');
  await page.getByLabel('Expires').selectOption('30');
  await page.getByRole('button', { name: 'Create' }).click();
  await expect(page.getByRole('row', { name: /nightly/ })).toContainText('Read: what a viewer may');
  await picture(page, 'tokens');
});

test('whoever is removed is out at once', async () => {
  await login(second, stack.url, NORA);
  await page.goto(`${stack.url}/settings/members`);
  await page.getByRole('button', { name: `Remove ${NORA.name}` }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect(member(page, NORA.name)).toBeHidden();
  await expect(second).toHaveURL(/\/login/);
});
