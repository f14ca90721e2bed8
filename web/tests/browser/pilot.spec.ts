/** Owns the journey of an agent of one's own: log in, message, permission, interrupt, stop, all from the page. */
import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { adding } from './kinds';
import { picture, setUp, shownSize } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const KEY = 'sk-proj-browser-test-0123456789abcd';

let stack: Stack;
let context: BrowserContext;
let page: Page;

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start(adding('pilot'));
  context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  page = await context.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
});

test.afterAll(async () => {
  await context?.close();
  await stack?.stop();
});

const header = () => page.getByRole('main');

test('the settings show each kind, and take a provider key that is never shown', async () => {
  await page.goto(`${stack.url}/settings/agents`);
  const kinds = page.getByRole('region', { name: 'Agent kinds' });
  await expect(kinds.getByRole('listitem', { name: 'Pilot' })).toContainText('Installed');
  await expect(kinds.getByRole('listitem', { name: 'Custom' })).toContainText('Needs none');
  const provider = page
    .getByRole('region', { name: 'Provider keys' })
    .getByRole('listitem', { name: 'OpenAI' });
  await expect(provider).toContainText('none');
  await provider.getByRole('button', { name: 'Set the key of OpenAI' }).click();
  await provider.getByLabel('OpenAI API key').fill('short');
  await provider.getByRole('button', { name: 'Save key' }).click();
  await expect(provider.getByLabel('OpenAI API key')).toHaveAttribute('aria-invalid', 'true');
  await provider.getByLabel('OpenAI API key').fill(KEY);
  await provider.getByRole('button', { name: 'Save key' }).click();
  await expect(provider).toContainText('set here');
  await expect(provider).not.toContainText(KEY);
  await kinds.scrollIntoViewIfNeeded();
  await picture(page, 'settings-kinds');
  await provider.getByRole('button', { name: 'Delete the key of OpenAI' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(provider).toContainText('none');
});

test('a kind of one’s own is spawned from the dialog, and asks for a login', async () => {
  await page.goto(`${stack.url}/agents?spawn=1`);
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('radio', { name: 'Pilot' }).click();
  await dialog.getByText('A git repository', { exact: true }).click();
  await expect(dialog.getByText('An absolute path, or an address')).toBeVisible();
  await dialog.getByText('A new folder', { exact: true }).click();
  await dialog.getByLabel('Name').fill('Amelia');
  await dialog.getByRole('button', { name: /Permissions in Raven/ }).click();
  await expect(dialog.getByLabel('read:pages')).toBeChecked();
  await picture(page, 'spawn-kind');
  await dialog.getByLabel('Name').press('Control+Enter');
  const card = page.getByRole('region', { name: 'Needs you' }).getByRole('article', { name: 'Amelia' });
  await expect(card.getByRole('link', { name: 'Log in at login.pilot.example' })).toBeVisible();
  await picture(page, 'agents-login');
});

test('the login is finished on its page: the terminal opens by itself, the code is pasted', async () => {
  await page.getByRole('link', { name: 'Amelia', exact: true }).click();
  const login = page.getByRole('region', { name: 'Login required: Amelia' });
  const link = login.getByRole('link', { name: 'Log in at login.pilot.example' });
  await expect(link).toHaveAttribute('href', /^https:\/\/login\.pilot\.example\/.*state=4f1c9a$/);
  await expect(page.getByTestId('terminal')).toBeVisible();
  await expect(login.getByRole('button', { name: 'Copy the link' })).toBeVisible();
  await picture(page, 'agent-login');
  await login.getByLabel('Code from the page').fill('let-me-in');
  await login.getByLabel('Code from the page').press('Enter');
  await expect(header().getByText('Ready', { exact: true })).toBeVisible();
  await expect(login).toBeHidden();
});

test('a message makes it busy, and it asks for a permission', async () => {
  const box = page.getByLabel('Message to Amelia');
  await expect(page.getByRole('button', { name: 'Interrupt Amelia' })).toBeDisabled();
  await page.getByRole('button', { name: 'Show Terminal' }).click();
  await expect(page.getByTestId('terminal-size')).not.toHaveText('80×24');
  const size = await shownSize(page);
  await box.fill('test');
  await box.press('Enter');
  const card = page.getByRole('region', { name: 'It asks for permission: Amelia' });
  await expect(card).toContainText('make test');
  await expect(card.getByRole('button', { name: 'Yes' })).toBeEnabled();
  await expect(box).toHaveValue('');
  // The card takes room from the terminal, and not one row from the program.
  await expect(page.getByText('Your choice:')).toBeInViewport();
  expect(await shownSize(page)).toEqual(size);
  await picture(page, 'agent-permission');
  await page.goto(`${stack.url}/agents`);
  const home = page.getByRole('region', { name: 'Needs you' }).getByRole('article', { name: 'Amelia' });
  await expect(home.getByRole('button', { name: 'No, stop' })).toBeVisible();
  await picture(page, 'agents-permission');
});

test('an answer that comes too late is refused, and the card says so', async () => {
  // Somebody else answered meanwhile, which this page has not heard of.
  await page.route('**/answer', async (route) => {
    const said = route.request().postDataJSON() as object;
    await route.continue({ postData: JSON.stringify({ ...said, promptId: 'pmt_of-another-time' }) });
  });
  const home = page.getByRole('article', { name: 'Amelia' });
  await home.getByRole('button', { name: 'No, stop' }).click();
  await expect(home.getByRole('alert')).toContainText('It had moved on when you answered');
  await picture(page, 'agents-stale');
  await page.unroute('**/answer');
});

test('the permission is given by key, and the turn goes on', async () => {
  const card = page.getByRole('region', { name: 'It asks for permission: Amelia' });
  await card.focus();
  await page.keyboard.press('1');
  await expect(card).toBeHidden();
  await expect(
    page.getByRole('article', { name: 'Amelia' }).getByText('Busy', { exact: true }),
  ).toBeVisible();
});

test('what is sent while it is busy waits, and Interrupt ends the turn', async () => {
  await page.getByRole('link', { name: 'Amelia', exact: true }).click();
  const box = page.getByLabel('Message to Amelia');
  await box.fill('lint');
  await page.getByRole('button', { name: 'Queue' }).click();
  await expect(page.getByText(/1 message waits/)).toBeVisible();
  await expect(page.getByText(/Turn under way/)).toBeVisible();
  await picture(page, 'agent-busy');
  await page.getByRole('button', { name: 'Interrupt Amelia' }).click();
  // The message that waited is taken at once.
  const card = page.getByRole('region', { name: 'It asks for permission: Amelia' });
  await expect(card).toContainText('make lint');
  await card.getByRole('button', { name: 'No, stop' }).click();
  await expect(header().getByText('Ready', { exact: true })).toBeVisible();
  await expect(page.getByText(/Turn took/)).toBeVisible();
  await picture(page, 'agent-ready');
});

test('Stop ends it', async () => {
  await page.getByRole('button', { name: 'Stop Amelia' }).click();
  await expect(page.getByText('This agent has stopped')).toBeVisible();
  await expect(page.getByLabel('Message to Amelia')).toBeHidden();
});
