/** Owns the proof of pages: written with a preview, never lost, found again, closed to agents, talked about. Must not know the server's rows. */
import { expect, test, type Page } from '@playwright/test';

import { login, picture, setUp, spawnAgent } from './pages';
import { Stack } from './programs';
import { asked, closeAll, editor, newWindow, pasteImage, put, write } from './writing';

test.describe.configure({ mode: 'serial' });

const MEMBER = { email: 'mel@example.com', name: 'Mel', password: 'yet another good one', role: 'member' };
const VIEWER = { email: 'vic@example.com', name: 'Vic', password: 'only here to look on', role: 'viewer' };

interface Made {
  id: string;
  spaceId: string;
  slug: string;
}

let stack: Stack;
const windows: Page[] = [];
let ada: Page;
let mel: Page;
let handbook: Made;

const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 });
const item = (page: Page, name: string) => page.getByRole('treeitem', { name, exact: true });
const tree = (page: Page) => page.getByRole('tree');
const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();
const one = (path: string) => asked<Made & { content: string; version: number }>(ada, stack.url, 'GET', path);

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  ada = await newWindow(browser, windows);
  await setUp(ada, stack.url, stack.docs.fact('code'));
  await stack.addPerson(MEMBER);
  await stack.addPerson(VIEWER);
  mel = await newWindow(browser, windows);
  await login(mel, stack.url, MEMBER);
  await spawnAgent(ada, stack.url, 'Scout', ['cat']);
});

test.afterAll(async () => {
  await closeAll(windows);
  await stack?.stop();
});

test('a space and a page are made, written beside its preview, and read', async () => {
  await ada.goto(`${stack.url}/pages`);
  await expect(ada.getByText('No space yet')).toBeVisible();
  await picture(ada, 'pages-empty');
  await ada.getByRole('button', { name: 'New space' }).click();
  await ada.getByLabel('Name of the space').fill('Engineering');
  await ada.getByRole('button', { name: 'Create space' }).click();
  await expect(heading(ada, 'Engineering')).toBeVisible();

  await ada.getByRole('button', { name: 'New page' }).click();
  await ada.getByRole('dialog').getByLabel('Title').fill('Handbook');
  await ada.keyboard.press('Enter');
  await put(
    ada,
    editor(ada),
    '## What holds\n\nEvery change has a **reason**. <b>raw</b> [bad](javascript:alert)\n',
  );
  const preview = ada.getByRole('region', { name: 'Preview' });
  await expect(preview.getByRole('heading', { name: 'What holds' })).toBeVisible();
  await expect(preview.locator('strong')).toHaveText('reason');
  await expect(preview).toContainText('<b>raw</b>');
  await expect(preview.getByRole('link')).toHaveCount(0);
  await picture(ada, 'page-editor');
  await ada.keyboard.press('Control+Enter');
  await expect(heading(ada, 'Handbook')).toBeVisible();
  await expect(ada.getByRole('heading', { name: 'What holds' })).toBeVisible();
  await expect(item(ada, 'Handbook')).toHaveAttribute('aria-selected', 'true');
  handbook = await one(`/api/pages/${ada.url().split('/').at(-1) ?? ''}`);
});

test('another who looks at the same tree sees a new page at once, and a slug leads to it', async () => {
  await mel.goto(`${stack.url}/pages`);
  await expect(item(mel, 'Handbook')).toBeVisible();
  await asked(ada, stack.url, 'POST', '/api/pages', {
    spaceId: handbook.spaceId,
    parentId: handbook.id,
    title: 'How we review',
    content: `See [the handbook](${handbook.slug}).`,
  });
  // Another space has a page of this slug: the link means the one of its own.
  const elsewhere = await asked<{ id: string }>(ada, stack.url, 'POST', '/api/spaces', { name: 'Zoo' });
  const other = { spaceId: elsewhere.id, title: 'Handbook', content: 'Not this one.' };
  const namesake = await asked<Made>(ada, stack.url, 'POST', '/api/pages', other);
  expect(namesake.slug).toBe(handbook.slug);
  await asked(ada, stack.url, 'PATCH', `/api/pages/${namesake.id}`, { title: 'Of the zoo' });
  await tree(mel).focus();
  await mel.keyboard.press('ArrowDown');
  await mel.keyboard.press('ArrowRight');
  await expect(item(mel, 'Handbook')).toHaveAttribute('aria-expanded', 'true');
  await expect(item(mel, 'How we review')).toBeVisible();
  await mel.keyboard.press('ArrowRight');
  await mel.keyboard.press('Enter');
  await expect(heading(mel, 'How we review')).toBeVisible();
  await mel.getByRole('link', { name: 'the handbook' }).click();
  await expect(heading(mel, 'Handbook')).toBeVisible();
  await expect(mel).toHaveURL(new RegExp(`/pages/${handbook.slug}\\?space=${handbook.spaceId}$`));
  await expect(mel.getByRole('heading', { name: 'What holds' })).toBeVisible();
});

test('a draft that was not saved survives a reload, and can be discarded', async () => {
  await ada.goto(`${stack.url}/pages/${handbook.id}/edit`);
  await write(ada, editor(ada), 'Half a thought');
  await expect(ada.getByText('Draft kept in this browser')).toBeVisible();
  await ada.reload();
  await expect(ada.getByText('This is your unsaved draft')).toBeVisible();
  await expect(editor(ada)).toContainText('Half a thought');
  await picture(ada, 'page-draft');
  await ada.getByRole('button', { name: 'Discard the draft' }).click();
  await expect(editor(ada)).not.toContainText('Half a thought');
  await ada.reload();
  await expect(editor(ada)).toContainText('Every change');
  await expect(editor(ada)).not.toContainText('Half a thought');
});

test('who was slower sees the difference, loses nothing, and has both ways out', async () => {
  for (const way of ['Take theirs, keep mine aside', 'Save mine over theirs'] as const) {
    await ada.goto(`${stack.url}/pages/${handbook.id}/edit`);
    await write(ada, editor(ada), `Mine ${way.length}`);
    await mel.goto(`${stack.url}/pages/${handbook.id}/edit`);
    await write(mel, editor(mel), `Theirs ${way.length}. `);
    await save(mel);
    await expect(heading(mel, 'Handbook')).toBeVisible();
    await expect(ada.getByText('Mel has saved this page meanwhile')).toBeVisible();
    await save(ada);
    const conflict = ada.getByRole('alert').filter({ hasText: 'Somebody has changed it meanwhile' });
    await expect(conflict.locator('del')).toContainText(`Theirs ${way.length}`);
    await expect(conflict.locator('ins')).toContainText(`Mine ${way.length}`);
    await expect(editor(ada)).toContainText(`Mine ${way.length}`);
    await picture(ada, 'page-conflict');
    await conflict.getByRole('button', { name: way }).click();
    if (way === 'Save mine over theirs') break;
    await expect(editor(ada)).toContainText(`Theirs ${way.length}`);
    const aside = ada.getByRole('region', { name: 'What you had typed' });
    await expect(aside).toContainText(`Mine ${way.length}`);
    await picture(ada, 'page-aside');
    await aside.getByRole('button', { name: 'Close' }).click();
  }
  await expect(heading(ada, 'Handbook')).toBeVisible();
  await expect(ada.getByText('Mine 21')).toBeVisible();
});

test('the history shows what each version changed, and takes one up again', async () => {
  const before = await one(`/api/pages/${handbook.id}`);
  await ada.getByRole('link', { name: 'History' }).click();
  const versions = ada.getByRole('navigation', { name: 'Versions' }).getByRole('link');
  await expect(versions.first()).toContainText(`Version ${before.version} · current`);
  await versions.filter({ hasText: 'Mel' }).first().click();
  const difference = ada.getByRole('region', { name: 'What changed' });
  await expect(difference.locator('ins')).toContainText('Theirs');
  await picture(ada, 'page-history');
  await ada.getByRole('button', { name: 'Restore this version' }).click();
  await ada.getByRole('dialog').getByRole('button', { name: 'Restore this version' }).click();
  await expect(heading(ada, 'Handbook')).toBeVisible();
  await expect(ada.getByText('Theirs').first()).toBeVisible();
  expect((await one(`/api/pages/${handbook.id}`)).version).toBe(before.version + 1);
});

test('an image that is pasted is attached and shown, and a name after @ tells who is meant', async () => {
  await expect(mel.getByRole('button', { name: /^Notifications/ })).toHaveAccessibleName('Notifications');
  await ada.keyboard.press('e');
  await put(ada, editor(ada), '\n\n');
  await pasteImage(editor(ada), 'pixel.png');
  await expect(editor(ada)).toContainText('![pixel.png](/api/attachments/');
  await write(ada, editor(ada), '\n\nAsk @Mel');
  await ada.getByRole('option', { name: /Mel/ }).click();
  await expect(editor(ada)).toContainText('@[Mel](user:');
  await ada.keyboard.type('or @sco');
  await expect(ada.getByRole('option', { name: /Scout/ })).toBeVisible();
  await picture(ada, 'page-mention');
  await ada.keyboard.press('Enter');
  await expect(editor(ada)).toContainText('@[Scout](agent:');
  await save(ada);
  const image = ada.getByRole('img', { name: 'pixel.png' });
  await expect(image).toBeVisible();
  await expect.poll(() => image.evaluate((shown: HTMLImageElement) => shown.naturalWidth)).toBe(1);
  await expect(ada.getByText('@Mel')).toBeVisible();
  await expect(ada.getByRole('link', { name: '@Scout' })).toBeVisible();
  await expect(ada.getByRole('region', { name: 'Attachments' })).toContainText('pixel.png');
  await picture(ada, 'page');

  await expect(mel.getByRole('button', { name: /^Notifications/ })).toHaveAccessibleName(/1 unread/);
  await mel.getByRole('button', { name: /^Notifications/ }).click();
  const told = mel.getByRole('dialog', { name: 'Notifications' }).getByRole('listitem').first();
  await expect(told).toContainText('mentioned you');
  await told.getByRole('button').click();
  await expect(heading(mel, 'Handbook')).toBeVisible();
});

test('comments are written, answered by another at once, and resolved', async () => {
  const comments = (page: Page) => page.getByRole('region', { name: 'Comments' });
  await write(ada, editor(comments(ada), 'Write a comment'), 'Should this say *why*?');
  await comments(ada).getByRole('button', { name: 'Comment', exact: true }).click();
  await comments(mel).getByRole('button', { name: 'Reply' }).click();
  await write(mel, editor(comments(mel), 'Reply to Ada'), 'Yes.');
  await mel.keyboard.press('Control+Enter');
  await expect(comments(ada).getByRole('article', { name: 'Comment of Mel' })).toContainText('Yes.');
  await comments(ada).scrollIntoViewIfNeeded();
  await picture(ada, 'page-comments');
  await comments(ada).getByRole('button', { name: 'Resolve' }).click();
  await expect(comments(mel).getByRole('button', { name: 'Show 1 resolved' })).toBeVisible();
  await expect(comments(mel).getByRole('article')).toHaveCount(0);
});

test('closing a page to agents says what it closes, for the pages under it too', async () => {
  const access = ada.getByRole('switch', { name: 'Open to agents' });
  await expect(access).toBeChecked();
  await access.click();
  await expect(access).not.toBeChecked();
  await expect(ada.getByText('agents cannot read, find or change it, nor the pages under it')).toBeVisible();
  await picture(ada, 'page-closed');
  await mel.goto(`${stack.url}/pages/how-we-review`);
  await expect(mel.getByText('A page above it is closed to agents')).toBeVisible();
  await expect(mel.getByText('Closed to agents').first()).toBeVisible();
  await access.click();
  await expect(access).toBeChecked();
  await expect(mel.getByText('A page above it is closed to agents')).toHaveCount(0);
});

test('a page moves by a dialog and by dragging', async () => {
  await mel.getByRole('button', { name: 'More actions' }).click();
  await mel.getByRole('menuitem', { name: 'Move…' }).click();
  await picture(mel, 'page-move');
  await mel.getByRole('dialog').getByRole('button', { name: 'Move here' }).click();
  await expect(item(mel, 'How we review')).toHaveAttribute('aria-level', '1');
  await expect(item(ada, 'How we review')).toBeVisible();
  await item(ada, 'How we review').getByRole('link').dragTo(item(ada, 'Handbook').getByRole('link').first());
  await expect(item(ada, 'How we review')).toHaveAttribute('aria-level', '2');
  await expect(item(mel, 'How we review')).toHaveAttribute('aria-level', '2');
});

test('what is written is found, on its page and in the palette', async () => {
  await ada.goto(`${stack.url}/search`);
  await ada.getByLabel('Search pages, tasks and comments').fill('reason');
  const results = ada.getByRole('list', { name: 'Search' });
  await expect(results.getByRole('link', { name: 'Handbook' })).toBeVisible();
  await expect(results.locator('mark').first()).toHaveText('reason');
  await expect(ada).toHaveURL(/q=reason/);
  await picture(ada, 'search');
  await ada.keyboard.press('Control+k');
  await ada.getByPlaceholder(/^Go to a page/).fill('revi');
  await expect(ada.getByRole('button', { name: /How we review/ })).toBeVisible();
  await picture(ada, 'palette-found');
  await ada.getByRole('button', { name: /How we review/ }).click();
  await expect(heading(ada, 'How we review')).toBeVisible();
});

test('a page goes into the trash and comes back; who only watches sees no way to change it', async ({
  browser,
}) => {
  await ada.getByRole('button', { name: 'More actions' }).click();
  await ada.getByRole('menuitem', { name: 'Put into the trash' }).click();
  await ada.getByRole('dialog').getByRole('button', { name: 'Put into the trash' }).click();
  await expect(heading(ada, 'Handbook')).toBeVisible();
  await expect(item(ada, 'How we review')).toHaveCount(0);
  await ada.getByRole('link', { name: 'Trash' }).click();
  await picture(ada, 'pages-trash');
  await ada.getByRole('button', { name: 'Take back How we review' }).click();
  await expect(heading(ada, 'How we review')).toBeVisible();

  const vic = await newWindow(browser, windows);
  await login(vic, stack.url, VIEWER);
  await vic.goto(`${stack.url}/pages/${handbook.id}`);
  await expect(heading(vic, 'Handbook')).toBeVisible();
  await expect(vic.getByText('Your role lets you read comments')).toBeVisible();
  await expect(vic.getByRole('link', { name: 'Edit' })).toHaveCount(0);
  await expect(vic.getByRole('button', { name: 'New page' })).toHaveCount(0);
  await expect(vic.getByRole('switch', { name: 'Open to agents' })).toBeDisabled();
  await vic.goto(`${stack.url}/pages/no-such-page`);
  await expect(vic.getByText('No such page')).toBeVisible();
});

test('what is typed while a save is on its way is neither lost nor left', async () => {
  await ada.goto(`${stack.url}/pages/${handbook.id}/edit`);
  await write(ada, editor(ada), 'Saved first.');
  let typed = () => {};
  const until = new Promise<void>((resolve) => (typed = resolve));
  let held = () => {};
  const isHeld = new Promise<void>((resolve) => (held = resolve));
  await ada.route(`**/api/pages/${handbook.id}`, async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    held();
    await until;
    await route.continue();
  });
  await ada.keyboard.press('Control+s');
  await isHeld;
  await ada.keyboard.type(' Typed meanwhile.');
  const answered = ada.waitForResponse((answer) => answer.request().method() === 'PATCH');
  typed();
  expect((await answered).status()).toBe(200);
  await ada.unroute(`**/api/pages/${handbook.id}`);
  await expect(editor(ada)).toContainText('Saved first. Typed meanwhile.');
  await expect(ada).toHaveURL(/\/edit$/);
  await expect(ada.getByText('Draft kept in this browser')).toBeVisible();
  expect((await one(`/api/pages/${handbook.id}`)).content).not.toContain('Typed meanwhile.');
  await save(ada);
  await expect(heading(ada, 'Handbook')).toBeVisible();
  expect((await one(`/api/pages/${handbook.id}`)).content).toContain('Saved first. Typed meanwhile.');
});

test('a comment that no browser can lay out is shown as it was typed, and breaks nothing else', async () => {
  for (const content of [
    '- '.repeat(1000),
    `${'|a'.repeat(500)}\n${'|-'.repeat(500)}\n${'|\n'.repeat(500)}`,
  ]) {
    await asked(ada, stack.url, 'POST', '/api/comments', { pageId: handbook.id, content });
  }
  await mel.goto(`${stack.url}/pages/${handbook.id}`);
  await expect(heading(mel, 'Handbook')).toBeVisible();
  await expect(mel.getByText('This text is shown as it was typed')).toHaveCount(2);
  await expect(mel.getByRole('region', { name: 'Comments' }).getByRole('table')).toHaveCount(0);
});
