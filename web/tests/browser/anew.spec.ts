/** Owns what waits for a busy agent, what stands in its way, and starting it anew, all from the page. */
import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { adding } from './kinds';
import { login, picture, setUp, shownSize, terminalSays, type } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const MEMBER = { email: 'mel@example.com', name: 'Mel', password: 'another good password', role: 'member' };
const VIEWER = { email: 'vic@example.com', name: 'Vic', password: 'only here to look on', role: 'viewer' };

let stack: Stack;
let context: BrowserContext;
let page: Page;
let agent: string;

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start(adding('smith'));
  context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  page = await context.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
  const answer = await page.request.post(`${stack.url}/api/parallax-agents/spawn`, {
    headers: { origin: stack.url },
    data: { agentType: 'smith', name: 'Wayland' },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const { spawnedAgents } = (await answer.json()) as { spawnedAgents: { id: string }[] };
  agent = spawnedAgents[0]?.id ?? '';
  await expect.poll(serverStatus).toBe('ready');
});

test.afterAll(async () => {
  await context?.close();
  await stack?.stop();
});

/** What the server says that it is at, whatever a page shows. */
async function serverStatus(): Promise<string> {
  const answer = await page.request.get(`${stack.url}/api/parallax-agents/${agent}`);
  return ((await answer.json()) as { status: string }).status;
}

const status = (on: Page, word: string) => on.getByRole('main').getByText(word, { exact: true });
const takeBack = (on: Page, place: number) =>
  on.getByRole('button', { name: `Take back message ${place} of those that wait` });
const anyTakeBack = (on: Page) => on.getByRole('button', { name: /^Take back/ });
const restart = () => page.getByRole('button', { name: 'Restart Wayland' });
const interrupt = () => page.getByRole('button', { name: 'Interrupt Wayland' });

/** Sends it a message with Enter, whether it is ready or not. */
async function send(text: string): Promise<void> {
  const box = page.getByLabel('Message to Wayland');
  await box.fill(text);
  await box.press('Enter');
  await expect(box).toHaveValue('');
}

/** Expects as many recordings of it, of which only the last goes on if it runs. */
async function recordings(count: number, running: number): Promise<void> {
  await page.getByRole('tab', { name: 'Recordings' }).click();
  const rows = page.getByRole('list', { name: 'Recordings' }).getByRole('listitem');
  await expect(rows).toHaveCount(count);
  await expect(rows.filter({ hasText: 'Complete' })).toHaveCount(count - running);
  await page.getByRole('tab', { name: 'Terminal' }).click();
}

test('messages to a busy agent wait in rows, in their order', async () => {
  await page.goto(`${stack.url}/agents/${agent}/terminal?terminal=1`);
  await terminalSays(page, 'Heard: nothing.');
  await expect(status(page, 'Ready')).toBeVisible();
  await send('hammer');
  await expect(status(page, 'Busy')).toBeVisible();
  await terminalSays(page, 'Working on hammer');
  await expect(anyTakeBack(page)).toHaveCount(0);
  await send('bend the bar');
  await expect(page.getByText('1 message waits')).toBeVisible();
  await send('quench the blade');
  await expect(page.getByText('2 messages wait')).toBeVisible();
  await expect(takeBack(page, 1).locator('..')).toContainText('bend the bar');
  await expect(takeBack(page, 2).locator('..')).toContainText('quench the blade');
  await picture(page, 'agent-queued');
});

test('a viewer is offered neither Restart nor taking back, a member both', async ({ browser }) => {
  for (const [person, offered] of [
    [MEMBER, 1],
    [VIEWER, 0],
  ] as const) {
    await stack.addPerson(person);
    const other = await browser.newContext({ reducedMotion: 'reduce' });
    const theirs = await other.newPage();
    await login(theirs, stack.url, person);
    await theirs.goto(`${stack.url}/agents/${agent}`);
    await expect(status(theirs, 'Busy')).toBeVisible();
    await expect(theirs.getByRole('button', { name: 'Restart Wayland' })).toHaveCount(offered);
    await expect(anyTakeBack(theirs)).toHaveCount(2 * offered);
    // The texts are known only to the page that sent them.
    await expect(theirs.getByText('Message 1 waits')).toHaveCount(offered);
    await picture(theirs, `agent-queued-${person.role}`);
    await other.close();
  }
});

test('one that is taken back is not typed, the other is', async () => {
  await takeBack(page, 1).click();
  await expect(anyTakeBack(page)).toHaveCount(1);
  await expect(page.getByText('bend the bar')).toHaveCount(0);
  await expect(takeBack(page, 1).locator('..')).toContainText('quench the blade');
  await expect(page.getByText('1 message waits')).toBeVisible();
  await interrupt().click();
  await terminalSays(page, 'Working on quench the blade');
  await expect(anyTakeBack(page)).toHaveCount(0);
  await interrupt().click();
  await expect(status(page, 'Ready')).toBeVisible();
  await terminalSays(page, 'Heard: hammer, quench the blade.');
});

test('what is in its way is told while it goes on, and as the failure of its turn', async () => {
  const size = await shownSize(page);
  await send('melt');
  const card = page.getByRole('main').getByRole('alert').filter({ hasText: 'Something is in its way' });
  await expect(card).toContainText('The furnace answers 503 Service Unavailable');
  await expect(card).toContainText('It goes on trying.');
  // The card takes room from the terminal, and not one row from the program; a new size would go before the keys.
  await type(page, 'slag');
  await terminalSays(page, 'slag');
  expect(await shownSize(page)).toEqual(size);
  await picture(page, 'agent-trouble');
  await page.getByRole('link', { name: 'Agents', exact: true }).first().click();
  await expect(page.getByRole('article', { name: 'Wayland' }).getByRole('alert')).toContainText('503');
  await picture(page, 'agents-trouble');
  await page.getByRole('link', { name: 'Wayland', exact: true }).click();
  await page.getByRole('button', { name: 'Show Terminal' }).click();
  await interrupt().click();
  await expect(status(page, 'Ready')).toBeVisible();
  await expect(card).toBeHidden();
  await expect(page.getByText(/Turn failed: The furnace answers 503/)).toBeVisible();
});

test('a busy agent is restarted when it is confirmed, and what waited is dropped', async () => {
  await send('forge');
  await terminalSays(page, 'Working on forge');
  await send('polish');
  await expect(anyTakeBack(page)).toHaveCount(1);
  await restart().click();
  const dialog = page.getByRole('dialog', { name: 'Restart Wayland?' });
  await expect(dialog).toContainText('messages that wait for it are dropped');
  await picture(page, 'agent-restart');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toBeHidden();
  await expect(anyTakeBack(page)).toHaveCount(1);
  await terminalSays(page, 'Working on forge');
  await restart().click();
  await dialog.getByRole('button', { name: 'Restart', exact: true }).click();
  await expect(dialog).toBeHidden();
  await terminalSays(page, 'Heard: nothing.');
  await expect(status(page, 'Ready')).toBeVisible();
  await expect(anyTakeBack(page)).toHaveCount(0);
  await recordings(2, 1);
  await picture(page, 'agent-restarted');
});

test('a stopped agent is restarted at once', async () => {
  await page.getByRole('button', { name: 'Stop Wayland' }).click();
  await expect(page.getByText('This agent has stopped')).toBeVisible();
  await recordings(2, 0);
  await picture(page, 'agent-stopped-restart');
  await restart().click();
  await expect(status(page, 'Ready')).toBeVisible();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await recordings(3, 1);
  await send('anneal');
  await expect(status(page, 'Busy')).toBeVisible();
});
