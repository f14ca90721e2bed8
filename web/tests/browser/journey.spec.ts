/** Owns the journey of one agent, from an empty server to a stopped agent, as a person walks it. */
import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { login, OWNER, picture, rows, shownSize, terminalSays, type } from './pages';
import { API_KEY, processesWith, Stack } from './programs';
import { weighed } from './weight';

test.describe.configure({ mode: 'serial' });

const COLLEAGUE = {
  email: 'mel@example.com',
  name: 'Mel',
  password: 'another good password',
  role: 'member',
};

let stack: Stack;
let context: BrowserContext;
let page: Page;

/** Marks every process of the agent, so that they can be found in `/proc`. */
const MARK = `journey-${process.pid}`;

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  page = await context.newPage();
});

test.afterAll(async () => {
  await context?.close();
  await stack?.stop();
});

test('the first load is small: what is seen first needs less than 300 KiB', async () => {
  const weight = await weighed(context, stack.url, 'form');
  expect(weight).toBeGreaterThan(50 * 1024);
  expect(weight).toBeLessThan(300 * 1024);
});

test('the first admin is made with the code that the server printed', async () => {
  await page.goto(stack.url);
  await expect(page).toHaveURL(/\/setup$/);
  await page.getByLabel('Setup code').fill('WRONG-CODE');
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByLabel('Your name').fill(OWNER.name);
  await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await page.getByLabel('Workspace name').fill('Lovelace Works');
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByLabel('Setup code')).toHaveAttribute('aria-invalid', 'true');
  await picture(page, 'setup');
  await page.getByLabel('Setup code').fill(stack.docs.fact('code'));
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('heading', { name: 'Agent Runtime Hosting' })).toBeVisible();
});

test('settings show where agents run, and Test says Connected', async () => {
  await expect(page.getByRole('radio', { name: 'Local' })).toBeChecked();
  await expect(page.getByLabel('Runtime endpoint')).toHaveValue(stack.endpoint);
  await expect(page.getByRole('radio', { name: 'API Key' })).toBeChecked();
  await expect(page.locator('main')).not.toContainText(API_KEY);
  const status = page.getByRole('region', { name: 'Runtime Status' });
  await status.getByRole('button', { name: 'Test' }).click();
  const result = status.getByRole('alert');
  await expect(result).toContainText('Connected');
  await expect(result).toContainText(/latency [\d.]+ ms · version \S+ · 0 active agents/);
  // Kept true by heartbeats, without a reload.
  await expect(status.getByText('Connection status').locator('..')).toContainText('Connected');
  await expect(status.getByText('Last heartbeat').locator('..')).toContainText(/just now|ago/);
  await picture(page, 'settings-agents');
});

test('the empty home page says what to do first', async () => {
  await page.getByRole('link', { name: 'Agents', exact: true }).first().click();
  await expect(page.getByRole('heading', { name: 'Your first agent' })).toBeVisible();
  await picture(page, 'agents-empty');
});

test('a spawned agent appears at once and becomes ready live', async () => {
  await page.goto(`${stack.url}/settings/agents`);
  await page.getByRole('button', { name: 'Spawn Agents' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('radio', { name: 'Custom' })).toBeChecked();
  await dialog.getByLabel('Count').fill('11');
  await expect(dialog.getByText('Between 1 and 10')).toBeVisible();
  await expect(dialog.getByRole('button', { name: 'Spawn', exact: true })).toBeDisabled();
  await dialog.getByLabel('Count').fill('1');
  await dialog.getByLabel('Name').fill('Scout');
  await dialog.getByLabel('Command').fill(`env PS1='scout$ ' RAVEN_MARK=${MARK} bash --norc --noprofile`);
  await picture(page, 'spawn-dialog');
  await dialog.getByLabel('Command').press('Control+Enter');
  const card = page.getByRole('article', { name: 'Scout' });
  await expect(card).toBeVisible();
  await expect(card.getByText('Ready')).toBeVisible();
  await expect(card.locator('pre.screen')).toContainText('scout$');
  expect((await processesWith(MARK)).length).toBeGreaterThan(0);
  await picture(page, 'agents');
});

test('the board of agents needs less than 300 KiB until its cards are there', async () => {
  const weight = await weighed(context, `${stack.url}/agents`, 'main article');
  expect(weight).toBeGreaterThan(150 * 1024);
  expect(weight).toBeLessThan(290 * 1024);
});

test('Show Terminal opens a terminal in which one types and sees the answer', async () => {
  await page.getByRole('link', { name: 'Scout', exact: true }).click();
  await page.getByRole('button', { name: 'Show Terminal' }).click();
  await expect(page.getByText('You are typing')).toBeVisible();
  await expect(page.getByRole('group', { name: 'Terminal state' })).toContainText('Active');
  await terminalSays(page, 'scout$');
  await type(page, 'echo answer-$((6*7))\n');
  await terminalSays(page, 'answer-42');
  await picture(page, 'terminal');
});

test('the terminal follows the size of the window', async () => {
  const before = await shownSize(page);
  await page.setViewportSize({ width: 900, height: 600 });
  await expect.poll(async () => (await shownSize(page)).cols).toBeLessThan(before.cols);
  const now = await shownSize(page);
  await type(page, 'clear; stty size\n');
  await terminalSays(page, `${now.rows} ${now.cols}`);
  await page.setViewportSize({ width: 1280, height: 800 });
  await expect.poll(() => shownSize(page)).toEqual(before);
});

test('full-screen programs run: less, vim, htop', async () => {
  await type(page, 'clear; seq -f "line %g of many" 500 | less\n');
  await terminalSays(page, 'line 1 of many');
  await page.keyboard.type('G');
  await terminalSays(page, 'line 500 of many');
  await page.keyboard.type('q');
  await terminalSays(page, 'scout$');

  await type(page, 'vim -u NONE -N written.txt\n');
  await terminalSays(page, 'written.txt');
  await page.keyboard.type('ihello from vim');
  await terminalSays(page, 'hello from vim');
  await picture(page, 'terminal-vim');
  await page.keyboard.press('Escape');
  await page.keyboard.type(':wq\n');
  await terminalSays(page, 'scout$');
  await type(page, 'clear; cat written.txt\n');
  await terminalSays(page, 'hello from vim');

  await type(page, 'htop\n');
  await terminalSays(page, /F10\s*Quit/);
  await picture(page, 'terminal-htop');
  await page.keyboard.type('q');
  await terminalSays(page, 'scout$');
});

test('a large paste arrives whole and in order', async () => {
  await type(page, 'clear; stty -echo; echo reading-$((1+1)); head -c 2097152 | sha256sum; stty echo\n');
  await terminalSays(page, 'reading-2');
  const digest = await page.evaluate(async () => {
    const text = Array.from({ length: 2097152 / 16 }, (_, at) => `${String(at).padStart(15, '0')}\r`).join(
      '',
    );
    const bytes = new TextEncoder().encode(text.replaceAll('\r', '\n'));
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    const data = new DataTransfer();
    data.setData('text/plain', text);
    document
      .querySelector('.xterm-helper-textarea')
      ?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
  });
  await expect(rows(page)).toContainText(digest.slice(0, 40), { timeout: 60_000 });
});

test('who closes the tab and comes back finds the right screen', async () => {
  await type(page, 'clear; echo still-here\n');
  await terminalSays(page, 'still-here');
  const address = page.url();
  await page.close();
  page = await context.newPage();
  await page.goto(address);
  await terminalSays(page, 'still-here');
  await expect(page.getByText('You are typing')).toBeVisible();
});

test('a second person watches, and is told so when typing', async ({ browser }) => {
  const other = await browser.newContext({ viewport: { width: 1100, height: 700 } });
  const watching = await other.newPage();
  await stack.addPerson(COLLEAGUE);
  await login(watching, stack.url, COLLEAGUE);
  await watching.goto(page.url());
  await terminalSays(watching, 'still-here');
  await expect(watching.getByText('Watching – Ada is typing')).toBeVisible();
  await type(watching, 'x');
  await expect(watching.getByText(/You are watching: Ada is typing/)).toBeVisible();
  await picture(watching, 'terminal-watching');
  await type(page, 'clear; echo seen-by-both\n');
  await terminalSays(watching, 'seen-by-both');
  await expect(page.getByLabel(/2 viewers/)).toBeVisible();
  await other.close();
  await expect(page.getByLabel(/2 viewers/)).toBeHidden();
  const mine = await context.newPage();
  await mine.goto(page.url());
  await expect(mine.getByText('Watching – you are typing in another window')).toBeVisible();
  await mine.close();
});

test('a lost connection keeps the last screen, and goes on where it was', async () => {
  await page.goto(page.url().replace(stack.url, stack.wire.url));
  await terminalSays(page, 'seen-by-both');
  await expect(page.getByText('You are typing')).toBeVisible();
  stack.wire.cut();
  await expect(page.getByText('Reconnecting…')).toBeVisible();
  await expect(page.getByText(/Connection lost/)).toBeVisible();
  await terminalSays(page, 'seen-by-both');
  await picture(page, 'terminal-reconnecting');
  stack.wire.mend();
  await expect(page.getByText('You are typing')).toBeVisible();
  await expect(page.getByText(/Connection lost/)).toBeHidden();
  await type(page, 'echo back-$((40+2))\n');
  await terminalSays(page, 'back-42');
  await page.goto(page.url().replace(stack.wire.url, stack.url));
  await expect(page.getByText('You are typing')).toBeVisible();
});

test('Stop ends the whole process tree, and the page says so', async () => {
  await type(page, '(setsid sleep 1000 &) ; clear; echo left-behind\n');
  await terminalSays(page, 'left-behind');
  expect((await processesWith(MARK)).length).toBeGreaterThan(1);
  await page.getByRole('button', { name: 'Stop Scout' }).click();
  await expect(page.getByText('This agent has stopped')).toBeVisible();
  await expect.poll(() => processesWith(MARK)).toEqual([]);
  await picture(page, 'agent-stopped');
});

test('every step is in the activity feed', async () => {
  await page.getByRole('link', { name: 'Activity', exact: true }).first().click();
  const feed = page.getByRole('list', { name: 'Activity' });
  for (const step of [
    /spawned/i,
    /ready/i,
    /terminal session created/i,
    /terminal session terminated/i,
    /stopped/i,
  ]) {
    await expect(feed.getByText(step).first()).toBeVisible();
  }
  await picture(page, 'activity');
  await page.getByRole('combobox', { name: 'Filter by kind' }).click();
  await page.getByRole('option', { name: 'Agent ready' }).click();
  await expect(page).toHaveURL(/kind=agent_ready/);
  await expect(feed.getByText(/stopped/i)).toHaveCount(0);
});

test('a command that does not exist shows its error on the card and on its page', async () => {
  await page.goto(`${stack.url}/agents?spawn=1`);
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Ghost');
  await dialog.getByLabel('Command').fill('no-such-command --at-all');
  await dialog.getByRole('button', { name: 'Spawn', exact: true }).click();
  const needsYou = page.getByRole('region', { name: 'Needs you' });
  const card = needsYou.getByRole('article', { name: 'Ghost' });
  await expect(card.getByText('Error', { exact: true })).toBeVisible();
  await picture(page, 'agents-error');
  await card.getByRole('link', { name: 'Ghost', exact: true }).click();
  await expect(page.getByText('This agent failed')).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('no-such-command');
  await picture(page, 'agent-error');
  await page.getByRole('tab', { name: 'Details' }).click();
  await expect(page).toHaveURL(/\/details$/);
  await picture(page, 'agent-details');
});

test('tokens are shown once, and revoked', async () => {
  await page.goto(`${stack.url}/settings/tokens`);
  await page.getByLabel('Name').fill('nightly');
  await page.getByRole('button', { name: 'Create token' }).click();
  await expect(page.getByText(/^raven_pat_/)).toBeVisible();
  await picture(page, 'settings-tokens');
  await page.reload();
  await expect(page.getByText('nightly')).toBeVisible();
  await expect(page.getByText(/raven_pat_/)).toHaveCount(0);
  await page.getByRole('button', { name: 'Revoke nightly' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
  await expect(page.getByText('You have no tokens.')).toBeVisible();
});

test('the palette goes anywhere by keyboard', async () => {
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').getByRole('textbox').fill('appear');
  await picture(page, 'palette');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/settings\/appearance$/);
  await picture(page, 'settings-appearance');
});

test('who logs out is asked to log in, told when it is wrong, and comes back to where it was', async () => {
  await page.getByRole('button', { name: /Account/ }).click();
  await page.getByRole('menuitem', { name: 'Log out' }).click();
  await expect(page).toHaveURL(/\/login/);
  await page.goto(`${stack.url}/activity?kind=agent_failed`);
  await expect(page).toHaveURL(/\/login\?from=/);
  await page.getByLabel('E-mail').fill(OWNER.email);
  await page.getByRole('textbox', { name: 'Password' }).fill('wrong password');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('textbox', { name: 'Password' })).toHaveAttribute('aria-invalid', 'true');
  await picture(page, 'login');
  await page.getByRole('textbox', { name: 'Password' }).fill(OWNER.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page).toHaveURL(/\/activity\?kind=agent_failed$/);
});
