/** Owns the proof of assignments: given at a spawn and afterwards, worked on by a program of its own, seen to their result. Must not know how they are typed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test, type Page } from '@playwright/test';

import { adding } from './kinds';
import { picture, setUp } from './pages';
import { Stack } from './programs';
import { asked, closeAll, newWindow } from './writing';

test.describe.configure({ mode: 'serial' });

let stack: Stack;
const windows: Page[] = [];
let ada: Page;
let folder: string;

const work = (page: Page, title: string) => page.getByRole('article', { name: title, exact: true });

test.beforeAll(async ({ browser }) => {
  folder = await mkdtemp(join(tmpdir(), 'raven-work-'));
  stack = await Stack.start(adding('worker'));
  ada = await newWindow(browser, windows);
  await setUp(ada, stack.url, stack.docs.fact('code'));
  const space = await asked<{ id: string }>(ada, stack.url, 'POST', '/api/spaces', { name: 'Engineering' });
  await asked(ada, stack.url, 'POST', '/api/pages', {
    spaceId: space.id,
    title: 'The plan',
    content: 'All of it.',
  });
  await asked(ada, stack.url, 'POST', '/api/tasks', { title: 'Check the links' });
});

test.afterAll(async () => {
  await closeAll(windows);
  await stack?.stop();
  await rm(folder, { recursive: true, force: true });
});

test('an agent is spawned with its first assignment, and reports how far it is', async () => {
  await ada.goto(`${stack.url}/agents?spawn=1`);
  const dialog = ada.getByRole('dialog');
  await dialog.getByRole('radio', { name: /Worker/ }).click();
  await dialog.getByLabel('Name').fill('Wendy');
  await dialog.getByRole('button', { name: 'First assignment' }).click();
  const first = dialog.getByRole('region', { name: 'First assignment' });
  await first.getByLabel('Title').fill('Look at the links');
  await expect(first.getByText('Say what is to be done')).toBeVisible();
  await first.getByLabel('Instructions').fill(`Follow **every** link until ${join(folder, 'go')} is there.`);
  const references = first.getByRole('combobox', { name: 'Pages and tasks' });
  await references.fill('plan');
  await ada.getByRole('option', { name: 'Page: The plan' }).click();
  await references.fill('links');
  await ada.getByRole('option', { name: 'Task: Check the links' }).click();
  await picture(ada, 'spawn-work');
  await dialog.getByRole('button', { name: 'Spawn', exact: true }).click();
  const card = work(ada, 'Wendy');
  await expect(card.getByRole('link', { name: 'Look at the links' })).toBeVisible();
  await expect(card.getByRole('region', { name: '1 assignment' }).getByText('Working')).toBeVisible();
  await expect(card.getByRole('progressbar', { name: '40 % done' })).toBeVisible();
  await picture(ada, 'agents-work');
});

test('its page shows instructions, references and progress, and then the result', async () => {
  await work(ada, 'Wendy').getByRole('link', { name: 'Look at the links' }).click();
  const given = work(ada, 'Look at the links');
  await expect(given.locator('strong').first()).toHaveText('every');
  await expect(given.getByRole('link', { name: 'The plan' })).toBeVisible();
  await expect(given.getByRole('link', { name: 'Check the links' })).toBeVisible();
  await expect(given.getByText('40 % done')).toBeVisible();
  await expect(given.getByRole('region', { name: 'Report' })).toContainText('I read the plan.');
  await picture(ada, 'agent-work');
  await writeFile(join(folder, 'go'), '');
  await expect(given.getByText('Done', { exact: true })).toBeVisible();
  await expect(given.getByRole('region', { name: 'Result' })).toContainText('All 12 links work.');
  await picture(ada, 'agent-work-done');
});

test('more work is assigned from there, waits its turn, and is taken back', async () => {
  for (const [title, go] of [
    ['The second', 'second'],
    ['The third', 'third'],
  ] as const) {
    await ada.getByRole('button', { name: 'Assign work' }).click();
    const dialog = ada.getByRole('dialog', { name: 'Assign work to Wendy' });
    await dialog.getByLabel('Title').fill(title);
    await dialog.getByLabel('Instructions').fill(`Wait until ${join(folder, go)} is there.`);
    if (go === 'second') await picture(ada, 'assign-work');
    await dialog.getByRole('button', { name: 'Assign', exact: true }).click();
    await expect(dialog).toHaveCount(0);
  }
  await expect(work(ada, 'The second').getByText('Working', { exact: true })).toBeVisible();
  await expect(work(ada, 'The third').getByText('Pending')).toBeVisible();
  await work(ada, 'The third').getByRole('button', { name: 'Cancel The third' }).click();
  await ada.getByRole('dialog').getByRole('button', { name: 'Cancel assignment' }).click();
  await expect(work(ada, 'The third').getByText('Cancelled')).toBeVisible();
  await writeFile(join(folder, 'second'), '');
  await expect(work(ada, 'The second').getByText('Done', { exact: true })).toBeVisible();
  await ada.getByRole('tab', { name: 'Activity' }).click();
  await expect(ada.getByText('The second').first()).toBeVisible();
});

test('somebody says what came of work whose agent does not', async () => {
  await ada.getByRole('tab', { name: 'Work' }).click();
  await ada.getByRole('button', { name: 'Assign work' }).click();
  const dialog = ada.getByRole('dialog');
  await dialog.getByLabel('Title').fill('The fourth');
  await dialog.getByLabel('Instructions').fill(`Wait until ${join(folder, 'fourth')} is there.`);
  await dialog.getByRole('button', { name: 'Assign', exact: true }).click();
  const fourth = work(ada, 'The fourth');
  await expect(fourth.getByText('Working', { exact: true })).toBeVisible();
  await fourth.getByRole('button', { name: 'Mark The fourth done' }).click();
  await dialog.getByLabel('What came of it').fill('I did it **myself**.');
  await dialog.getByRole('button', { name: 'Mark done' }).click();
  await expect(fourth.getByText('Done', { exact: true })).toBeVisible();
  await expect(fourth.getByRole('region', { name: 'Report' })).toContainText('I did it myself.');
  await expect(fourth.getByRole('button')).toHaveCount(0);
});

test('settings take a control plane outside for Parallax Cloud', async () => {
  await ada.goto(`${stack.url}/settings/agents`);
  await expect(ada.getByLabel('Control plane address')).toHaveCount(0);
  await ada.getByRole('radio', { name: /Parallax Cloud/ }).click();
  await ada.getByLabel('Control plane address').fill('https://parallax.example.com');
  await ada.getByLabel('Control plane key').fill('sk-outside-browser-4711');
  await picture(ada, 'settings-parallax');
  await ada.getByRole('button', { name: 'Save', exact: true }).first().click();
  await expect(ada.getByText('Saved').first()).toBeVisible();
  await ada.reload();
  await expect(ada.getByLabel('Control plane address')).toHaveValue(/^https:\/\/parallax\.example\.com\/?$/);
  await expect(ada.getByLabel('Control plane key')).toHaveValue('');
});
