/** Owns the proof of tasks: a board by keyboard and pointer, filters in the address, one task in full. Must not know the server's rows. */
import { expect, test, type Page } from '@playwright/test';

import { login, picture, setUp, spawnAgent } from './pages';
import { Stack } from './programs';
import { asked, closeAll, editor, newWindow, put } from './writing';

test.describe.configure({ mode: 'serial' });

const MEMBER = { email: 'mel@example.com', name: 'Mel', password: 'yet another good one', role: 'member' };

interface Made {
  id: string;
  number: number;
  status: string;
  version: number;
}

let stack: Stack;
const windows: Page[] = [];
let ada: Page;
let mel: Page;

const column = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const card = (page: Page, title: string) =>
  page.getByRole('link', { name: new RegExp(`^Task \\d+: ${title}$`) });
const drawer = (page: Page) => page.getByRole('dialog');
const make = (data: object) => asked<Made>(ada, stack.url, 'POST', '/api/tasks', data);

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  ada = await newWindow(browser, windows);
  await setUp(ada, stack.url, stack.docs.fact('code'));
  await stack.addPerson(MEMBER);
  mel = await newWindow(browser, windows);
  await login(mel, stack.url, MEMBER);
  await spawnAgent(ada, stack.url, 'Scout', ['cat']);
});

test.afterAll(async () => {
  await closeAll(windows);
  await stack?.stop();
});

test('a project and a task in it are made, and another sees them at once', async () => {
  await mel.goto(`${stack.url}/tasks`);
  await ada.goto(`${stack.url}/tasks?view=list`);
  await expect(ada.getByText('No tasks yet')).toBeVisible();
  await ada.getByText('Board', { exact: true }).click();
  await picture(ada, 'tasks-empty');
  await ada.getByRole('button', { name: 'New project' }).click();
  await ada.getByLabel('Name of the project').fill('Release 1.0');
  await ada.getByRole('button', { name: 'Create project' }).click();
  await expect(ada.getByRole('combobox', { name: 'Project' })).toHaveValue('Release 1.0');
  await ada.getByRole('button', { name: 'New task' }).click();
  const dialog = drawer(ada);
  await dialog.getByLabel('Title').fill('Write the notes');
  await put(ada, editor(dialog, 'Description'), 'Look at **all** changes.');
  await dialog.getByRole('combobox', { name: 'Assignee' }).fill('sco');
  await ada.getByRole('option', { name: /Scout/ }).click();
  await picture(ada, 'task-new');
  await dialog.getByRole('button', { name: 'Create task' }).click();
  for (const page of [ada, mel]) {
    await expect(card(column(page, 'To do').page(), 'Write the notes')).toContainText('Scout');
  }
});

test('the board is worked by keyboard, and what moved is where others see it', async () => {
  await make({ title: 'Check the links' });
  await make({ title: 'Ask for a review', priority: 'urgent', dueDate: '2024-01-02' });
  await mel.goto(`${stack.url}/tasks`);
  await expect(column(mel, 'To do').getByRole('link')).toHaveCount(3);
  await picture(mel, 'tasks-board');
  await card(mel, 'Check the links').focus();
  await mel.keyboard.press('Shift+ArrowRight');
  await expect(column(mel, 'In progress').getByRole('link')).toHaveAccessibleName(/Check the links/);
  await expect(card(mel, 'Check the links')).toBeFocused();
  await expect(mel.getByRole('status').filter({ hasText: 'moved to In progress' })).toHaveCount(1);
  await mel.keyboard.press('Shift+ArrowRight');
  await expect(column(mel, 'Blocked').getByRole('link')).toHaveAccessibleName(/Check the links/);
  await mel.keyboard.press('ArrowLeft');
  const first = column(mel, 'To do').getByRole('link').first();
  await expect(first).toBeFocused();
  const title = (await first.getAttribute('aria-label')) ?? '';
  const moved = mel.waitForResponse((answer) => answer.url().endsWith('/move'));
  await mel.keyboard.press('Shift+ArrowDown');
  expect((await moved).status()).toBe(200);
  await expect(column(mel, 'To do').getByRole('link').nth(1)).toHaveAccessibleName(title);
  await mel.reload();
  await expect(column(mel, 'To do').getByRole('link').nth(1)).toHaveAccessibleName(title);
  await expect(column(mel, 'Blocked').getByRole('link')).toHaveAccessibleName(/Check the links/);
  await ada.goto(`${stack.url}/tasks`);
  await expect(column(ada, 'Blocked').getByRole('link')).toHaveAccessibleName(/Check the links/);
});

test('a task is dragged to another column', async () => {
  await card(mel, 'Check the links').dragTo(column(mel, 'Done'));
  await expect(column(mel, 'Done').getByRole('link')).toHaveAccessibleName(/Check the links/);
  await expect(column(ada, 'Done').getByRole('link')).toHaveAccessibleName(/Check the links/);
});

test('filters stand in the address and hold after a reload', async () => {
  await ada.getByText('List', { exact: true }).click();
  await expect(ada.getByRole('row')).toHaveCount(4);
  await ada.getByRole('combobox', { name: 'Assignee' }).fill('sco');
  await ada.getByRole('option', { name: /Scout/ }).click();
  await expect(ada.getByRole('row')).toHaveCount(2);
  await expect(ada).toHaveURL(/assignee=agt_/);
  await picture(ada, 'tasks-list');
  await ada.reload();
  await expect(ada.getByRole('row')).toHaveCount(2);
  await expect(ada.getByRole('combobox', { name: 'Assignee' })).toHaveValue('Scout');
  await ada.getByRole('button', { name: 'Clear filters' }).click();
  await expect(ada.getByRole('row')).toHaveCount(4);
  await ada.getByRole('searchbox', { name: 'Filter by words' }).fill('nothing like it');
  await expect(ada.getByText('No task is like that')).toBeVisible();
  await ada.getByRole('button', { name: 'Clear filters' }).click();
});

test('a task is changed in its drawer, and who is slower sees the difference', async () => {
  await ada.getByRole('link', { name: 'Write the notes' }).click();
  await expect(drawer(ada).getByText('Look at all changes.')).toBeVisible();
  await picture(ada, 'task-drawer');
  await drawer(ada).getByRole('combobox', { name: 'Priority' }).click();
  await ada.getByRole('option', { name: 'High' }).click();
  await expect(drawer(ada).getByRole('combobox', { name: 'Priority' })).toHaveValue('High');
  await drawer(ada).getByRole('button', { name: 'Edit the description' }).click();
  await put(ada, editor(drawer(ada), 'Description'), ' And mine.');
  const id = /tsk_[0-9a-f-]+/.exec(ada.url())?.[0] ?? '';
  await asked(mel, stack.url, 'PATCH', `/api/tasks/${id}`, { description: 'Theirs alone.' });
  await drawer(ada).getByRole('button', { name: 'Save', exact: true }).click();
  const conflict = drawer(ada).getByRole('alert');
  await expect(conflict).toContainText('Somebody has changed it meanwhile');
  await expect(conflict.locator('del').filter({ hasText: 'Theirs alone.' })).toBeVisible();
  await expect(conflict.locator('ins').filter({ hasText: 'And mine.' })).toBeVisible();
  await picture(ada, 'task-conflict');
  await conflict.getByRole('button', { name: 'Save mine over theirs' }).click();
  await expect(drawer(ada).getByText('Look at all changes. And mine.')).toBeVisible();
  await expect(conflict).toHaveCount(0);
});

test('a task refers to pages, which are chosen and led to in its drawer', async () => {
  const space = await asked<{ id: string }>(ada, stack.url, 'POST', '/api/spaces', { name: 'Engineering' });
  for (const title of ['The handbook', 'The plan']) {
    await asked(ada, stack.url, 'POST', '/api/pages', { spaceId: space.id, title, content: 'All of it.' });
  }
  const pages = drawer(ada).getByRole('region', { name: 'Pages' });
  await expect(pages).toContainText('It refers to no page.');
  await pages.getByRole('button', { name: 'Choose pages' }).click();
  const picker = pages.getByRole('combobox', { name: 'Pages that it is about' });
  for (const title of ['The handbook', 'The plan']) {
    await picker.fill(title.slice(4));
    await ada.getByRole('option', { name: title }).click();
    await expect(pages.getByText(title, { exact: true })).toBeVisible();
  }
  await picture(ada, 'task-pages');
  await pages.getByRole('button', { name: 'Done' }).click();
  await expect(pages.getByRole('link', { name: 'The plan' })).toHaveAttribute('href', /\/pages\/pg_/);
  await ada.reload();
  await expect(pages.getByRole('link')).toHaveText([/The handbook/, /The plan/]);
  await pages.getByRole('button', { name: 'Choose pages' }).click();
  await picker.press('Backspace');
  await pages.getByRole('button', { name: 'Done' }).click();
  await expect(pages.getByRole('link')).toHaveText([/The handbook/]);
  await picture(ada, 'task-pages-chosen');
});

test('a task is closed to agents on its own, and talked about', async () => {
  await drawer(ada).getByText('Closed', { exact: true }).click();
  await expect(drawer(ada).getByText('Closed: agents cannot read, find or change it')).toBeVisible();
  const comment = editor(drawer(ada), 'Write a comment');
  await put(ada, comment, 'Who has the list?');
  await ada.keyboard.press('Control+Enter');
  await expect(drawer(ada).getByRole('article', { name: 'Comment of Ada' })).toContainText(
    'Who has the list?',
  );
  await drawer(ada).getByRole('article', { name: 'Comment of Ada' }).scrollIntoViewIfNeeded();
  await picture(ada, 'task-closed');
  await ada.keyboard.press('Escape');
  await expect(drawer(ada)).toHaveCount(0);
  await expect(ada).toHaveURL(/\/tasks\?view=list/);
  await expect(
    ada.getByRole('row', { name: /Write the notes/ }).getByRole('img', { name: 'Closed to agents' }),
  ).toBeVisible();
});

test('a project’s settings close all of its tasks that follow it', async () => {
  await make({ title: 'Follows its project', projectId: await projectId() });
  await ada.getByRole('combobox', { name: 'Project' }).click();
  await ada.getByRole('option', { name: 'Release 1.0' }).click();
  await ada.getByRole('button', { name: 'Project settings' }).click();
  await drawer(ada).getByRole('switch', { name: 'Open to agents' }).click();
  await expect(drawer(ada).getByText('Closed: agents cannot read, find or change it')).toBeVisible();
  await picture(ada, 'project-settings');
  await drawer(ada).getByRole('button', { name: 'Save' }).click();
  const row = ada.getByRole('row', { name: /Follows its project/ });
  await expect(row.getByRole('img', { name: 'Closed to agents' })).toBeVisible();
});

async function projectId(): Promise<string> {
  const { items } = await asked<{ items: { id: string }[] }>(ada, stack.url, 'GET', '/api/projects');
  return items[0]?.id ?? '';
}
