/** Owns what auditors do: find an entry, read it, go to its moment in the recording, check the log, take it along. */
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { login, picture, setUp, spawnAgent } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const MEMBER = { email: 'mel@example.com', name: 'Mel', password: 'another good password', role: 'member' };

let stack: Stack;
let context: BrowserContext;
let page: Page;

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  context = await browser.newContext({
    reducedMotion: 'reduce',
    colorScheme: 'light',
    acceptDownloads: true,
  });
  page = await context.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
  await stack.addPerson(MEMBER);
});

test.afterAll(async () => {
  await context?.close();
  await stack?.stop();
});

const entries = () => page.getByRole('table', { name: 'Audit log' });
const row = (action: string) => entries().getByRole('row').filter({ hasText: action });
const check = () => page.getByRole('region', { name: 'Check', exact: true });

/** Changes the database as somebody would who has the disk. */
function tamper(statement: string): void {
  const script =
    'import sqlite3, sys\nwith sqlite3.connect(sys.argv[1], timeout=20) as db: db.execute(sys.argv[2])';
  execFileSync('python3', ['-c', script, join(stack.folder, 'docs', 'raven.db'), statement]);
}

test('a change is found, with who, where from, before and after', async () => {
  const agent = await spawnAgent(page, stack.url, 'Scout', ['bash', '-c', 'echo begun; sleep 600']);
  await expect
    .poll(async () => {
      const answer = await page.request.get(`${stack.url}/api/parallax-agents/${agent}`);
      return ((await answer.json()) as { status: string }).status;
    })
    .toBe('ready');
  await page.goto(`${stack.url}/settings/audit`);
  await expect(row('agent.started')).toBeVisible();
  const kept = page.getByRole('region', { name: 'Kept for' });
  await kept.getByLabel('Days with details').fill('3');
  await expect(kept.getByText('Whole days, 7 to 3650')).toBeVisible();
  await kept.getByLabel('Days with details').fill('90');
  await kept.getByRole('button', { name: 'Save' }).click();
  await expect(row('settings.change').first()).toBeVisible();
  await picture(page, 'audit');
  await page.getByRole('combobox', { name: 'Filter by area' }).click();
  await page.getByRole('option', { name: 'Settings' }).click();
  await expect(page).toHaveURL(/area=settings/);
  await expect(row('agent.started')).toHaveCount(0);
  await row('settings.change').first().getByRole('button', { name: 'Show settings.change' }).click();
  const entry = page.getByRole('dialog');
  await expect(entry).toContainText('Ada');
  await expect(entry).toContainText('127.0.0.1');
  await expect(entry.getByRole('row', { name: 'auditDetailDays 30 90' })).toBeVisible();
  await picture(page, 'audit-entry');
  await page.keyboard.press('Escape');
  await expect(entry).toBeHidden();
});

test('an entry leads to its moment in the recording', async () => {
  await page.goto(`${stack.url}/settings/audit?area=agent.`);
  await page.getByRole('button', { name: 'Show agent.started' }).click();
  await page.getByRole('link', { name: 'Show this moment in the recording' }).click();
  await expect(page).toHaveURL(/\/recordings\/ses_[^?]+\?t=\d+/);
  await expect(page.getByRole('heading', { name: 'Scout' })).toBeVisible();
});

test('who did it and which request narrow the list, and what narrows is taken back', async () => {
  await page.goto(`${stack.url}/settings/audit`);
  await row('settings.change').first().getByRole('button', { name: 'Ada' }).click();
  await expect(page).toHaveURL(/actor=usr_/);
  await expect(row('agent.started')).toHaveCount(0);
  await page.getByRole('button', { name: 'Show all again' }).click();
  await expect(row('agent.started')).toBeVisible();
  await page.getByRole('textbox', { name: 'From' }).or(page.getByLabel('From')).fill('2031-01-01');
  await expect(page.getByText('Nothing is recorded here')).toBeVisible();
});

test('checkpoints are made, the log is checked, and what was tampered with is named', async () => {
  await page.goto(`${stack.url}/settings/audit`);
  await page.getByRole('button', { name: 'Make one now' }).click();
  await expect(page.getByRole('table', { name: 'Checkpoints' }).getByRole('row')).not.toHaveCount(1);
  await check().getByRole('button', { name: 'Check now' }).click();
  await expect(check()).toContainText('Everything is as it was written.');
  await picture(page, 'audit-checked');
  tamper("UPDATE audit_log SET actor_name = 'Eve' WHERE action = 'settings.change'");
  await check().getByRole('button', { name: 'Check now' }).click();
  await expect(check()).toContainText('Something is not what was written.');
  await expect(check()).toContainText('is not what was written after the one before it');
  await picture(page, 'audit-broken');
  tamper("UPDATE audit_log SET actor_name = 'Ada' WHERE action = 'settings.change'");
  await check().getByRole('button', { name: 'Check now' }).click();
  await expect(check()).toContainText('Everything is as it was written.');
});

test('the log and the feed are taken along as files', async () => {
  for (const [path, name] of [
    ['/settings/audit', 'raven-audit.csv'],
    ['/activity', 'raven-activity.csv'],
  ] as const) {
    await page.goto(stack.url + path);
    await page.getByRole('button', { name: 'Export' }).click();
    const saving = page.waitForEvent('download');
    await page.getByRole('menuitem', { name: 'Export CSV' }).click();
    const file = await saving;
    expect(file.suggestedFilename()).toBe(name);
    expect(await readFile(await file.path(), 'utf8')).toContain('Scout');
  }
});

test('the feed is narrowed by who did it, and goes on live', async () => {
  await page.goto(`${stack.url}/activity`);
  const feed = page.getByRole('list', { name: 'Activity' });
  await feed.getByRole('link', { name: 'Ada' }).first().click();
  await expect(page).toHaveURL(/actor=usr_/);
  await expect(feed.getByText('Agent ready')).toHaveCount(0);
  await spawnAgent(page, stack.url, 'Second', ['bash', '-c', 'sleep 600']);
  await expect(feed.getByText('Second')).toBeVisible();
  await picture(page, 'activity-narrowed');
});

test('a member is told that only admins read it', async ({ browser }) => {
  const other = await browser.newContext({ reducedMotion: 'reduce' });
  const theirs = await other.newPage();
  await login(theirs, stack.url, MEMBER);
  await theirs.goto(`${stack.url}/settings/audit`);
  await expect(theirs.getByText('Only admins of the workspace read the audit log.')).toBeVisible();
  await other.close();
});
