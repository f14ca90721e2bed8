/** Owns how outside agents come and go: a request approved, an invite used, permissions, access taken away. */
import { execFileSync } from 'node:child_process';

import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { login, picture, setUp, spawnAgent } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const BEN = { email: 'ben@example.com', name: 'Ben', password: 'correct horse battery' };
const SCOUT = { agentId: 'scout-1', agentName: 'Scout' };

let stack: Stack;
let contexts: BrowserContext[];
let page: Page;
let second: Page;
let key: string;

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  const fresh = () => browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  contexts = [await fresh(), await fresh()];
  page = await contexts[0]!.newPage();
  second = await contexts[1]!.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
  const invited = await page.request.post(`${stack.url}/api/invitations`, {
    headers: { origin: stack.url },
    data: { email: BEN.email, role: 'admin' },
  });
  expect(invited.status(), await invited.text()).toBe(201);
  const { token } = (await invited.json()) as { token: string };
  const joined = await second.request.post(`${stack.url}/api/auth/join`, {
    headers: { origin: stack.url },
    data: { token, email: BEN.email, name: BEN.name, password: BEN.password },
  });
  expect(joined.ok(), await joined.text()).toBe(true);
  await login(second, stack.url, BEN);
});

test.afterAll(async () => {
  for (const context of contexts ?? []) await context.close();
  await stack?.stop();
});

/** What an agent is told of itself with a key; the status when it is refused. */
async function profile(by: string): Promise<{ permissions: string[] } | number> {
  const answer = await fetch(`${stack.url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${by}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'agent_profile', arguments: {} },
    }),
  });
  if (!answer.ok) return answer.status;
  const said = (await answer.json()) as { result: { structuredContent: { permissions: string[] } } };
  return said.result.structuredContent;
}

const request = (of: Page) => of.getByRole('article', { name: SCOUT.agentName });

test('an agent from outside asks, when it may', async () => {
  await second.goto(`${stack.url}/settings/access`);
  await expect(second.getByText('Nobody asks to be let in.')).toBeVisible();
  await page.goto(`${stack.url}/settings/access`);
  const workspace = await page.request.get(`${stack.url}/api/auth/me`);
  const { workspaceId } = (await workspace.json()) as { workspaceId: string };
  const ask = () =>
    fetch(`${stack.url}/api/parallax-agents/access-request`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...SCOUT,
        workspaceId,
        capabilities: ['research'],
        requestedPermissions: ['page.read', 'write:pages'],
        justification: 'I am to look after the handbook.',
      }),
    });
  expect((await ask()).status).toBe(403);
  await page.getByRole('switch').click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  expect((await ask()).status).toBe(202);
  await expect(request(second), 'without a reload').toContainText('I am to look after the handbook.');
  await expect(request(page)).toBeVisible();
  await picture(page, 'access-request');
});

test('it is approved with fewer permissions than it asked for, and its key works', async () => {
  await request(page).getByRole('checkbox', { name: 'write:pages' }).uncheck();
  await request(page).getByRole('button', { name: 'Approve' }).click();
  const dialog = page.getByRole('dialog', { name: 'Key of Scout' });
  key = await dialog.getByLabel('Key of Scout').last().innerText();
  expect(key).toMatch(/^raven_mcp_/);
  await expect(request(second), 'decided everywhere at once').toBeHidden();
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  expect(await profile(key)).toMatchObject({ permissions: ['read:pages'] });
  await expect(page.getByRole('link', { name: 'Scout' })).toBeVisible();
});

test('a permission counts from the next call', async () => {
  await page.getByRole('link', { name: 'Scout' }).click();
  await page.getByRole('button', { name: 'Contributor' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  const told = await profile(key);
  expect(typeof told === 'number' ? told : told.permissions).toContain('write:pages');
  await picture(page, 'agent-permissions');
});

test('access that is revoked is gone at once, here and in another browser', async () => {
  await second.goto(`${stack.url}/agents/${SCOUT.agentId}/permissions`);
  await expect(second.getByRole('button', { name: 'Revoke access' })).toBeVisible();
  await page.getByRole('button', { name: 'Revoke access' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Reason').fill('Its work is over.');
  await expect(dialog.getByRole('button', { name: 'Revoke access' })).toBeDisabled();
  await dialog.getByLabel('Type Scout to confirm').fill('Scout');
  await dialog.getByRole('button', { name: 'Revoke access' }).click();
  for (const seen of [page, second]) {
    await expect(seen.getByText('Its access was revoked: it may do nothing here.')).toBeVisible();
    await expect(seen.getByText(/Its work is over\./)).toBeVisible();
  }
  expect(await profile(key)).toBe(401);
  await picture(page, 'access-revoked');
});

test('an invite lets in as many as it says', async () => {
  await page.goto(`${stack.url}/settings/access`);
  await page.getByRole('button', { name: 'Create invite' }).click();
  const dialog = page.getByRole('dialog', { name: 'Create invite' });
  await dialog.getByLabel('Name').fill('Partners');
  await picture(page, 'new-invite');
  await dialog.getByRole('button', { name: 'Create invite' }).click();
  const token = await dialog.getByLabel('Token of Partners').last().innerText();
  expect(token).toMatch(/^inv_/);
  // The command that is shown is run as it stands.
  const command = await dialog.getByLabel('Command that registers').innerText();
  await expect(dialog.getByLabel('Command for Claude Code')).toContainText(`'${stack.url}/mcp'`);
  await picture(page, 'invite-made');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const register = () =>
    JSON.parse(execFileSync('sh', ['-c', command], { encoding: 'utf8' })) as { mcpApiKey?: string };
  const { mcpApiKey } = register();
  expect(await profile(mcpApiKey ?? '')).toMatchObject({ id: 'my-agent', name: 'My agent' });
  expect(register().mcpApiKey).toBeUndefined();
  await expect(page.getByRole('article', { name: 'Partners' })).toContainText('Used up');
  await expect(page.getByRole('link', { name: 'My agent' })).toBeVisible();
});

test('a running agent ends with its access', async () => {
  const id = await spawnAgent(page, stack.url, 'Worker', ['cat']);
  await second.goto(`${stack.url}/agents/${id}/terminal?terminal=1`);
  await expect(second.getByTestId('terminal')).toBeVisible();
  await page.goto(`${stack.url}/agents/${id}/permissions`);
  await page.getByRole('button', { name: 'Revoke access' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Type Worker to confirm').fill('Worker');
  await dialog.getByRole('button', { name: 'Revoke access' }).click();
  await expect(page.getByText('Its access was revoked: it may do nothing here.')).toBeVisible();
  await expect
    .poll(async () => {
      const answer = await page.request.get(`${stack.url}/api/parallax-agents/${id}`);
      return ((await answer.json()) as { status: string }).status;
    })
    .toBe('stopped');
  await picture(second, 'revoked-terminal');
});
