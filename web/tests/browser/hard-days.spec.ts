/** Owns what the UI does when an agent has a bad day: not installed, a strange login, a limit. */
import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { adding } from './kinds';
import { picture, setUp } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

// Nobody listens there: the real installer tries, tells so, and gives up.
const NO_REGISTRY = { PIP_INDEX_URL: 'http://127.0.0.1:9/simple', PIP_NO_INDEX: '' };
// Making an environment for Python, and the installer's own attempts.
const INSTALL_DEADLINE_MS = 90_000;

let stack: Stack;
let context: BrowserContext;
let page: Page;

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start(adding('storm', 'meter'), NO_REGISTRY);
  context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  page = await context.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
});

test.afterAll(async () => {
  await context?.close();
  await stack?.stop();
});

const header = () => page.getByRole('main');

test('an installation tells what it is at, and a failed one why, and what to do', async () => {
  await page.goto(`${stack.url}/settings/agents`);
  const meter = page.getByRole('region', { name: 'Agent kinds' }).getByRole('listitem', { name: 'Meter' });
  await expect(meter.getByText('Missing')).toBeVisible();
  await meter.getByRole('button', { name: 'Install Meter' }).click();
  await expect(meter.getByRole('progressbar', { name: 'Installing 1.0.0…' })).toBeVisible();
  await expect(meter.getByText('Installing', { exact: true })).toBeVisible();
  await expect(meter.getByRole('status')).toContainText('Retrying', { timeout: INSTALL_DEADLINE_MS });
  await meter.scrollIntoViewIfNeeded();
  await picture(page, 'install-progress');
  const failed = meter.getByRole('alert');
  await expect(failed).toContainText('The installation failed', { timeout: INSTALL_DEADLINE_MS });
  await expect(failed).toContainText('No matching distribution found for meter-that-is-nowhere==1.0.0');
  await expect(failed).toContainText('then install again');
  await meter.scrollIntoViewIfNeeded();
  await picture(page, 'install-failed');
  await page.reload();
  await expect(meter.getByRole('alert')).toContainText('No matching distribution');
  await meter.getByRole('button', { name: 'Install Meter' }).click();
  await expect(meter.getByRole('progressbar')).toBeVisible();
  await expect(meter.getByRole('alert')).toBeHidden();
});

test('a login at a host that the kind does not know is opened only when it is confirmed', async () => {
  await page.goto(`${stack.url}/agents?spawn=1`);
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'Storm' }).click();
  await dialog.getByLabel('Name').fill('Sten');
  await dialog.getByLabel('Name').press('Control+Enter');
  await page.getByRole('link', { name: 'Sten', exact: true }).click();
  await expect(header().getByText('Storm', { exact: true })).toBeVisible();
  const login = page.getByRole('region', { name: 'Login required: Sten' });
  await expect(login).toContainText('storm.example.evil.test is not where this kind of agent logs in');
  await expect(login).toContainText('STRM-2041');
  await expect(login.getByRole('link')).toHaveCount(0);
  await picture(page, 'login-untrusted');
  await login.getByRole('checkbox', { name: 'I know this address, let me open it' }).check();
  const link = login.getByRole('link', { name: 'Log in at storm.example.evil.test' });
  await expect(link).toHaveAttribute('href', 'https://storm.example.evil.test/device?agent=storm');
  await expect(link).toHaveAttribute('rel', /noopener/);
  await page.getByTestId('terminal').click();
  await page.keyboard.press('Enter');
  await expect(header().getByText('Ready', { exact: true })).toBeVisible();
  await expect(login).toBeHidden();
});

test('what it has used is among its details', async () => {
  const box = page.getByLabel('Message to Sten');
  await box.fill('work');
  await box.press('Enter');
  await page.getByRole('tab', { name: 'Details' }).click();
  const row = (name: string) => page.getByRole('row', { name: new RegExp(`^${name}`) });
  await expect(row('Model')).toContainText('storm-1');
  await expect(row('Tokens sent')).toContainText('12.4k, 2.4k of them cached');
  await expect(row('Tokens answered')).toContainText('812');
  await expect(row('Context left')).toContainText('75 %');
  await picture(page, 'agent-usage');
  await page.getByRole('tab', { name: 'Terminal' }).click();
});

test('a usage limit is told with the time at which it ends, there and on the home page', async () => {
  const box = page.getByLabel('Message to Sten');
  await box.fill('limit');
  await box.press('Enter');
  const card = header().getByRole('alert').filter({ hasText: 'Usage limit reached' });
  await expect(card).toContainText('You have reached your usage limit.');
  await expect(card).toContainText(/It ends in 2 h, at .*\d:\d\d/);
  await picture(page, 'agent-limit');
  // What is sent meanwhile waits, and says so.
  await box.fill('more work');
  await page.getByRole('button', { name: 'Queue' }).click();
  await expect(page.getByText(/1 message waits/)).toBeVisible();
  await page.goto(`${stack.url}/agents`);
  await expect(page.getByRole('article', { name: 'Sten' })).toContainText(/It ends in 2 h/);
  await picture(page, 'agents-limit');
});
