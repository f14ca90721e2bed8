/** Owns the proof that people are told: the bell in another's browser, one's own choices, and webhooks from their page. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';

import { adding } from './kinds';
import { login, picture, setUp } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const VIEWER = { email: 'vic@example.com', name: 'Vic', password: 'only here to look on', role: 'viewer' };

let stack: Stack;
let contexts: BrowserContext[] = [];
let ada: Page;
let vic: Page;
let agent: string;

/** A receiver of webhooks: what it got, and what it answers. */
let receiver: Server;
let answers = 200;
const got: { id: string; signature: string; type: string }[] = [];

async function person(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  contexts.push(context);
  return context.newPage();
}

const bell = (page: Page) => page.getByRole('button', { name: /^Notifications/ });

test.beforeAll(async ({ browser }) => {
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { id, type } = JSON.parse(text) as { id: string; type: string };
      got.push({ id, type, signature: String(request.headers['webhook-signature']) });
      response.writeHead(answers).end(answers === 200 ? '' : 'out of order');
    });
  });
  await new Promise<void>((listening) => receiver.listen(0, '127.0.0.1', listening));
  stack = await Stack.start(adding('pilot'));
  ada = await person(browser);
  await setUp(ada, stack.url, stack.docs.fact('code'));
  await stack.addPerson(VIEWER);
  vic = await person(browser);
  await login(vic, stack.url, VIEWER);
});

test.afterAll(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
  await stack?.stop();
  receiver?.close();
});

test('an agent that wants something makes the bell count in another browser', async () => {
  await expect(bell(vic)).toHaveAccessibleName('Notifications');
  const answer = await ada.request.post(`${stack.url}/api/parallax-agents/spawn`, {
    headers: { origin: stack.url },
    data: { agentType: 'pilot', name: 'Amelia' },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  agent = ((await answer.json()) as { spawnedAgents: { id: string }[] }).spawnedAgents[0]?.id ?? '';
  await expect(bell(vic)).toHaveAccessibleName('Notifications, 1 unread');
  await bell(vic).click();
  const list = vic.getByRole('dialog', { name: 'Notifications' });
  await expect(list.getByRole('listitem')).toHaveCount(1);
  await picture(vic, 'notifications-bell');
  await list.getByRole('button', { name: /Amelia Login required/ }).click();
  await expect(vic).toHaveURL(new RegExp(`/agents/${agent}`));
  await expect(bell(vic)).toHaveAccessibleName('Notifications');
});

test('what is marked read in one browser is read in the other of the same person', async ({ browser }) => {
  await ada.goto(`${stack.url}/agents`);
  const second = await person(browser);
  await login(second, stack.url, { email: 'ada@example.com', password: 'correct horse battery' });
  await expect(bell(second)).toHaveAccessibleName('Notifications, 1 unread');
  await bell(ada).click();
  await ada.getByRole('button', { name: 'Mark all as read' }).click();
  await expect(bell(ada)).toHaveAccessibleName('Notifications');
  await expect(bell(second)).toHaveAccessibleName('Notifications');
  await ada.keyboard.press('Escape');
  await expect(bell(ada)).toBeFocused();
});

test('one chooses what one is told of', async () => {
  await vic.goto(`${stack.url}/settings/notifications`);
  const blocked = vic.getByRole('checkbox', { name: 'Blocked: In Raven' });
  await expect(blocked).toBeChecked();
  await expect(vic.getByRole('checkbox', { name: 'Blocked: E-mail' })).toBeDisabled();
  await expect(vic.getByText('This server sends no e-mail')).toBeVisible();
  await picture(vic, 'settings-notifications');
  const mine = vic.getByRole('radio', { name: 'Agents that I spawned' });
  await blocked.click();
  await expect(blocked).not.toBeChecked();
  await mine.click();
  await expect(mine).toBeChecked();
  await vic.reload();
  await expect(blocked).not.toBeChecked();
  await expect(mine).toBeChecked();
});

test('a webhook is made, its secret shown once, and tested with its outcome', async () => {
  await vic.goto(`${stack.url}/settings/webhooks`);
  await expect(vic.getByText('Only admins see and change webhooks.')).toBeVisible();
  await ada.goto(`${stack.url}/settings/webhooks`);
  await ada.getByRole('button', { name: 'New webhook' }).click();
  const dialog = ada.getByRole('dialog', { name: 'New webhook' });
  await dialog.getByLabel('Name').fill('Pager');
  await dialog.getByLabel('Address').fill('http://169.254.169.254/latest');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await expect(dialog.getByText(/must not be a link-local/)).toBeVisible();
  const { port } = receiver.address() as AddressInfo;
  await dialog.getByLabel('Address').fill(`http://127.0.0.1:${port}/hook`);
  await picture(ada, 'webhook-new');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const secret = ada.getByRole('dialog', { name: 'Secret of Pager' });
  await expect(secret).toContainText('whsec_');
  await secret.getByRole('button', { name: 'Done' }).click();
  await expect(ada.getByText('whsec_')).toHaveCount(0);

  const row = ada.getByRole('listitem', { name: 'Pager' });
  await row.getByRole('button', { name: 'Test Pager' }).click();
  await expect(row.getByRole('status')).toContainText('The receiver accepted the test (200).');
  expect(got.at(-1)?.type).toBe('test');
  expect(got.at(-1)?.signature).toMatch(/^v1,/);
  answers = 500;
  await row.getByRole('button', { name: 'Test Pager' }).click();
  await expect(row.getByRole('status')).toContainText('The test was not accepted: 500');
  await expect(row.getByRole('status')).toContainText('out of order');
  await picture(ada, 'settings-webhooks');
});

test('its log has what was sent, and sends it again with the same id', async () => {
  const row = ada.getByRole('listitem', { name: 'Pager' });
  await row.getByRole('button', { name: 'Deliveries of Pager' }).click();
  const log = ada.getByRole('dialog', { name: 'Deliveries of Pager' });
  await expect(log.getByRole('listitem')).toHaveCount(2);
  await expect(log.getByRole('listitem').first()).toContainText('Failed');
  await picture(ada, 'webhook-deliveries');
  answers = 200;
  const before = got.at(-1)?.id;
  await log.getByRole('listitem').first().getByRole('button', { name: 'Send again' }).click();
  await expect(log.getByRole('listitem').first()).toContainText('Delivered');
  expect(got.at(-1)?.id).toBe(before);
});
