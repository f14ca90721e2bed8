/** Owns what the UI does on bad days: a runtime that dies, rights that are missing, a session that ends. */
import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { login, OWNER, picture, setUp, spawnAgent, terminalSays, type } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const SHELL = ['env', 'PS1=scout$ ', 'bash', '--norc', '--noprofile'];
const MEMBER = { email: 'mel@example.com', name: 'Mel', password: 'another good password', role: 'member' };
const VIEWER = { email: 'vic@example.com', name: 'Vic', password: 'only here to look on', role: 'viewer' };

let stack: Stack;
let context: BrowserContext;
let page: Page;
let agent: string;

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  context = await browser.newContext({ reducedMotion: 'reduce' });
  page = await context.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
  agent = await spawnAgent(page, stack.url, 'Scout', SHELL);
});

test.afterAll(async () => {
  await context?.close();
  await stack?.stop();
});

test('a linked terminal opens by itself, and finds what stands in it', async () => {
  await page.goto(`${stack.url}/agents/${agent}/terminal?terminal=1`);
  await terminalSays(page, 'scout$');
  await type(page, 'echo needle-$((1+1))\n');
  await terminalSays(page, 'needle-2');
  await page.keyboard.press('Control+Shift+F');
  const search = page.getByRole('search').getByRole('textbox');
  await search.fill('needle-2');
  await expect(search).not.toHaveAttribute('aria-invalid', 'true');
  await search.fill('not-there');
  await expect(search).toHaveAttribute('aria-invalid', 'true');
  await search.press('Escape');
  await expect(page.getByRole('search')).toBeHidden();
});

test('Ctrl-K belongs to the program in the terminal, Ctrl-Shift-K opens the palette', async () => {
  await type(page, 'echo kept-me cut-me');
  for (const key of ['Alt+b', 'Alt+b', 'Control+k']) await page.keyboard.press(key);
  await page.keyboard.type('end\n');
  await terminalSays(page, /^kept-me end|kept-me end/);
  await expect(page.getByPlaceholder(/Go to a page/)).toHaveCount(0);
  await page.keyboard.press('Control+Shift+K');
  await expect(page.getByPlaceholder(/Go to a page/)).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByPlaceholder(/Go to a page/)).toHaveCount(0);
});

test('a runtime that is killed shows Disconnected, and everything goes on when it is back', async () => {
  const bar = page.getByRole('group', { name: 'Terminal state' });
  await type(page, 'clear; echo before-the-fall\n');
  await terminalSays(page, 'before-the-fall');
  stack.runtime.kill();
  await stack.runtime.ended();
  await expect(bar).toContainText('Disconnected');
  await terminalSays(page, 'before-the-fall');
  await picture(page, 'terminal-disconnected');
  await stack.restartRuntime();
  await expect(bar).toContainText('Active');
  await type(page, 'echo after-$((40+2))\n');
  await terminalSays(page, 'after-42');
  await terminalSays(page, 'before-the-fall');
});

test('a control plane that is restarted is found again by the open page', async () => {
  const bar = page.getByRole('group', { name: 'Terminal state' });
  await type(page, 'clear; echo before-the-restart\n');
  await terminalSays(page, 'before-the-restart');
  await stack.restartDocs();
  await expect(bar).toContainText('Active');
  await type(page, 'echo again-$((50+5))\n');
  await terminalSays(page, 'again-55');
});

test('an agent that ends by itself keeps its last screen, and says why', async () => {
  await type(page, 'clear; echo last-words; exit 3\n');
  await expect(page.getByText('This agent has stopped')).toBeVisible();
  await expect(page.getByRole('group', { name: 'Terminal state' })).toContainText('Terminated');
  await terminalSays(page, 'last-words');
  await expect(page.getByRole('main')).toContainText('status 3');
  // Who comes later finds the outcome, and no terminal that could only be empty.
  await page.reload();
  await expect(page.getByText('This agent has stopped')).toBeVisible();
  await expect(page.getByTestId('terminal')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'Show Terminal' })).toHaveCount(0);
});

test('an agent that dies at once shows its reason and its last lines', async () => {
  const id = await spawnAgent(page, stack.url, 'Brief', ['sh', '-c', 'echo cannot find my keys; exit 7']);
  await page.goto(`${stack.url}/agents/${id}`);
  await expect(page.getByText('This agent failed')).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('status 7');
  await expect(page.getByLabel('Last lines of its screen')).toContainText('cannot find my keys');
  await picture(page, 'agent-died');
});

test('what happens while an open page is still connecting is not missed', async () => {
  const id = await spawnAgent(page, stack.url, 'Late', SHELL);
  const address = `${stack.url}/api/parallax-agents/${id}`;
  const status = async () => ((await (await page.request.get(address)).json()) as { status: string }).status;
  await expect.poll(status).toBe('ready');
  const late = await context.newPage();
  let connect = () => {};
  const held = new Promise<void>((done) => (connect = done));
  await late.routeWebSocket(/\/socket\.io\//, async (socket) => {
    await held;
    socket.connectToServer();
  });
  await late.goto(`${stack.url}/agents/${id}`);
  await expect(late.getByText('Ready', { exact: true })).toBeVisible();
  await page.request.post(`${address}/stop`, { headers: { origin: stack.url }, data: {} });
  await expect.poll(status).toBe('stopped');
  await expect(late.getByText('Ready', { exact: true })).toBeVisible();
  connect();
  await expect(late.getByText('This agent has stopped')).toBeVisible();
  await late.close();
});

test('an agent or a page that is not there says so', async () => {
  await page.goto(`${stack.url}/agents/agt_00000000000000000000000000000000`);
  await expect(page.getByText('No such agent')).toBeVisible();
  await page.goto(`${stack.url}/nowhere`);
  await expect(page.getByText('No such page')).toBeVisible();
});

test('a runtime that is not there is told by Test, with what to do', async () => {
  stack.runtime.kill();
  await stack.runtime.ended();
  await page.goto(`${stack.url}/settings/agents`);
  const status = page.getByRole('region', { name: 'Runtime Status' });
  await status.getByRole('button', { name: 'Test' }).click();
  await expect(status.getByRole('alert')).toContainText('Connection failed');
  await picture(page, 'settings-unreachable');
  await stack.restartRuntime();
  await status.getByRole('button', { name: 'Test' }).click();
  await expect(status.getByRole('alert')).toContainText('Connected');
});

test('a wrong key is told by Test, and the right one again connects', async () => {
  const hosting = page.getByRole('region', { name: 'Agent Runtime Hosting' });
  const status = page.getByRole('region', { name: 'Runtime Status' });
  await hosting.getByLabel('Runtime endpoint').fill('not an address');
  await hosting.getByRole('button', { name: 'Save' }).click();
  await expect(hosting.getByLabel('Runtime endpoint')).toHaveAttribute('aria-invalid', 'true');
  await hosting.getByLabel('Runtime endpoint').fill(stack.endpoint);
  await hosting.getByRole('textbox', { name: 'Runtime API Key' }).fill('sk-wrong');
  await hosting.getByRole('button', { name: 'Save' }).click();
  await expect(hosting.getByText('Saved', { exact: true })).toBeVisible();
  await status.getByRole('button', { name: 'Test' }).click();
  await expect(status.getByRole('alert')).toContainText('Authentication failed');
});

test('a member sees the settings read-only, with the reason', async ({ browser }) => {
  await stack.addPerson(MEMBER);
  const other = await browser.newContext();
  const theirs = await other.newPage();
  await login(theirs, stack.url, MEMBER);
  await theirs.goto(`${stack.url}/settings/agents`);
  await expect(theirs.getByText('Only admins of the workspace can change these settings.')).toBeVisible();
  await expect(theirs.getByLabel('Runtime endpoint')).toBeDisabled();
  await expect(theirs.getByRole('button', { name: 'Save' })).toHaveCount(0);
  await picture(theirs, 'settings-member');
  await other.close();
});

test('a viewer watches and is offered nothing that would be refused', async ({ browser }) => {
  await stack.addPerson(VIEWER);
  const other = await browser.newContext();
  const theirs = await other.newPage();
  await login(theirs, stack.url, VIEWER);
  await expect(theirs.getByRole('button', { name: 'Spawn Agents' })).toHaveCount(0);
  await theirs.goto(`${stack.url}/agents?spawn=1`);
  await expect(theirs.getByRole('dialog')).toContainText('Your role lets you watch agents');
  await other.close();
});

test('who is logged out elsewhere is asked to log in at once, and comes back', async () => {
  await page.goto(`${stack.url}/activity`);
  await expect(page.getByRole('list', { name: 'Activity' })).toBeVisible();
  await page.request.post(`${stack.url}/api/auth/logout`, { headers: { origin: stack.url } });
  await expect(page).toHaveURL(/\/login\?from=%2Factivity/);
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).toHaveURL(/\/activity/);
});
