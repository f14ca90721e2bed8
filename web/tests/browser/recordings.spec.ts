/** Owns what becomes of a terminal: recorded, listed, played, searched, verified, downloaded, and kept as long as asked. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { login, picture, pictureForReadme, setUp, spawnAgent, terminalSays, type } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const SHELL = ['env', 'PS1=scout$ ', 'bash', '--norc', '--noprofile'];
/** A window whose terminal can be read when it is played beside its transcript. */
const SMALL = { width: 1000, height: 640 };
const MEMBER = { email: 'mel@example.com', name: 'Mel', password: 'another good password', role: 'member' };

let stack: Stack;
let context: BrowserContext;
let page: Page;
let agent: string;

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

/** Changes one byte of a stored recording, as somebody would who has the disk. */
async function alterStored(session: string): Promise<void> {
  const folder = join(stack.folder, 'docs', 'recordings');
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.includes(session));
  const stats = await Promise.all(files.map((name) => stat(join(folder, name))));
  const file = files.find((_, at) => stats[at]?.isFile());
  if (!file) throw new Error(`nothing of ${session} is stored: ${files.join(', ')}`);
  const bytes = await readFile(join(folder, file));
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x01;
  await writeFile(join(folder, file), bytes);
}

const player = () => page.getByTestId('player');
const side = (tab: string) => page.getByRole('tab', { name: tab });
const position = () => page.getByTestId('position');
const start = () => player().locator('.ap-overlay-start').click();

test('without sessions there are no recordings, and the page says how they come', async () => {
  await page.goto(`${stack.url}/recordings`);
  await expect(page.getByText('No recordings yet')).toBeVisible();
  await picture(page, 'recordings-empty');
});

test('a running session is listed as being recorded, and what there is of it plays', async () => {
  await page.setViewportSize(SMALL);
  agent = await spawnAgent(page, stack.url, 'Scout', SHELL);
  await page.goto(`${stack.url}/agents/${agent}/terminal?terminal=1`);
  await terminalSays(page, 'scout$');
  await type(page, 'echo answer-$((6*7))\n');
  await terminalSays(page, 'answer-42');
  // A pause in the session itself, long enough to be skipped when it is played.
  await type(
    page,
    'sleep 4; for n in 1 2 3 4 5 6; do echo -e "\\e[3${n}mline $n of the build\\e[0m"; done\n',
  );
  await terminalSays(page, 'line 6 of the build');
  await page.getByRole('link', { name: 'Recordings', exact: true }).first().click();
  const row = page.getByRole('list', { name: 'Recordings' }).getByRole('listitem');
  await expect(row).toContainText('Scout');
  await expect(row).toContainText('Recording');
  await row.getByRole('link').click();
  await expect(page.getByText('This session goes on.')).toBeVisible();
  await expect(player()).toContainText('line 6 of the build');
  await picture(page, 'recording-live');
});

test('somebody else types too, and the session ends', async ({ browser }) => {
  const theirs = await browser.newContext({ viewport: SMALL });
  const mel = await theirs.newPage();
  await login(mel, stack.url, MEMBER);
  await page.setViewportSize(SMALL);
  await page.goto(`${stack.url}/agents/${agent}/terminal?terminal=1`);
  await expect(page.getByText('You are typing')).toBeVisible();
  await mel.goto(`${stack.url}/agents/${agent}/terminal?terminal=1`);
  await expect(mel.getByText('Watching – Ada is typing')).toBeVisible();
  await page.getByRole('button', { name: 'Release' }).click();
  await expect(mel.getByText('Nobody is typing – type to take over')).toBeVisible();
  await type(mel, 'echo written-by-mel\n');
  await terminalSays(page, 'written-by-mel');
  await type(mel, 'exit\n');
  await expect(page.getByText('This agent has stopped')).toBeVisible();
  await theirs.close();
});

test('an ended terminal offers its recording, which is complete and verified', async () => {
  await page.goto(`${stack.url}/agents/${agent}`);
  await picture(page, 'agent-stopped-recorded');
  await page.getByRole('link', { name: 'Watch the recording' }).click();
  await expect(page).toHaveURL(/\/recordings\/ses_/);
  await expect(page.getByText('Complete', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Verified' }).click();
  await expect(page.getByText('The whole chain of sealed blocks was read')).toBeVisible();
  await expect(page.getByText(/\d+ segments?, \d+ blocks?/)).toBeVisible();
  await picture(page, 'recording-verified');
  await page.keyboard.press('Escape');
});

test('it plays from its beginning', async () => {
  await start();
  await expect(player()).toContainText('answer-42');
  await page.getByText('8×', { exact: true }).click();
  await expect(player()).toContainText('written-by-mel');
  await picture(page, 'recording-played');
});

test('a line of the transcript leads to its moment', async () => {
  const search = page.getByLabel('Search the transcript');
  await search.fill('nowhere to be found');
  await expect(page.getByText('No line has that.')).toBeVisible();
  await search.fill('ANSWER-42');
  await expect(page.getByRole('option', { name: /answer-42/ })).toBeVisible();
  await search.press('Enter');
  await expect(player()).toContainText('answer-42');
  await expect(player()).not.toContainText('line 1 of the build');
  await picture(page, 'recording-search');
  await search.fill('');
});

test('markers and what was typed lead to their moments, each with its name', async () => {
  await side('Markers').click();
  const markers = page.getByRole('list', { name: 'Markers' });
  await expect(markers.getByText('Ready').first()).toBeVisible();
  await expect(markers.getByText('Mel has the keyboard')).toBeVisible();
  await picture(page, 'recording-markers');
  await side('Typed').click();
  const typed = page.getByRole('list', { name: 'Typed' });
  await expect(typed.getByRole('listitem').filter({ hasText: 'echo answer-$((6*7))⏎' })).toContainText('Ada');
  const byMel = typed.getByRole('listitem').filter({ hasText: 'echo written-by-mel⏎' });
  await expect(byMel).toContainText('Mel');
  await picture(page, 'recording-typed');
  await byMel.getByRole('button').click();
  await expect(player()).toContainText('line 6 of the build');
  await page.getByRole('button', { name: 'Previous marker' }).click();
  await page.getByRole('button', { name: 'Next marker' }).click();
  await expect(position()).toContainText(/\d:\d\d \/ \d:\d\d/);
});

test('idle time is skipped or played, as one likes', async () => {
  // The player shows what has passed and what is left; both together are the length of what it plays.
  const length = async () => {
    const times = (await player().locator('.ap-timer').innerText()).match(/\d+:\d\d/g) ?? [];
    const seconds = times.map((time) => time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0));
    return seconds.reduce((sum, part) => sum + part, 0);
  };
  const skipped = await length();
  await page.getByLabel('Skip idle time').uncheck();
  await expect.poll(length).toBeGreaterThan(skipped + 1);
  const [, whole] = (await position().innerText()).split(' / ');
  await page.getByLabel('Skip idle time').check();
  await expect.poll(length).toBeLessThanOrEqual(skipped + 1);
  // Where it stands in real time is told all the same.
  await expect(position()).toContainText(` / ${whole}`);
});

test('the download is an asciicast v3 with every event', async () => {
  const downloading = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Download .cast' }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/\.cast$/);
  const [header = '', ...events] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
  expect(JSON.parse(header)).toMatchObject({ version: 3 });
  const codes = new Set(events.filter((line) => line.startsWith('[')).map((line) => JSON.parse(line)[1]));
  expect([...codes]).toEqual(expect.arrayContaining(['o', 'i', 'm']));
  expect(events.join('')).toContain('written-by-mel');
});

test('recordings are listed, filtered by agent, and found on the agent’s page', async () => {
  const other = await spawnAgent(page, stack.url, 'Other', ['sh', '-c', 'echo short; sleep 1']);
  await page.goto(`${stack.url}/recordings`);
  const rows = page.getByRole('list', { name: 'Recordings' }).getByRole('listitem');
  await expect(rows).toHaveCount(2);
  await picture(page, 'recordings');
  await page.goto(`${stack.url}/recordings?agent=${agent}`);
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('Scout');
  await page.goto(`${stack.url}/recordings/ses_00000000000000000000000000000000`);
  await expect(page.getByText('No such recording')).toBeVisible();
  await page.goto(`${stack.url}/agents/${other}/recordings`);
  await expect(rows).toHaveCount(1);
  await expect(rows).toContainText('Other');
  await expect(rows).toContainText('Complete');
});

test('a recording that was altered is told by its badge, with the place', async () => {
  const id = new URL(page.url()).pathname.split('/').at(-2) ?? '';
  await page.goto(`${stack.url}/agents/${id}/recordings`);
  await page.getByRole('list', { name: 'Recordings' }).getByRole('link').click();
  await expect(page.getByRole('button', { name: 'Verified' })).toBeVisible();
  const session = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  await alterStored(session);
  await page.getByRole('button', { name: 'Verified' }).click();
  await page.getByRole('button', { name: 'Check again' }).click();
  await expect(page.getByRole('button', { name: 'Altered' })).toBeVisible();
  await expect(page.getByText(/Segment \d+, block \d+ is the first/)).toBeVisible();
  await picture(page, 'recording-altered');
});

test('settings say what is recorded and for how long; what is typed can be left out', async ({ browser }) => {
  await page.goto(`${stack.url}/settings/recording`);
  await expect(page.getByRole('radio', { name: 'Record it' })).toBeChecked();
  await page.getByLabel('Days to keep recordings').fill('5000');
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled();
  await page.getByLabel('Days to keep recordings').fill('30');
  await page.getByRole('radio', { name: 'Output only' }).check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Saved', { exact: true })).toBeVisible();
  await picture(page, 'settings-recording');
  await page.reload();
  await expect(page.getByRole('radio', { name: 'Output only' })).toBeChecked();
  await expect(page.getByLabel('Days to keep recordings')).toHaveValue('30');

  const theirs = await browser.newContext();
  const mel = await theirs.newPage();
  await login(mel, stack.url, MEMBER);
  await mel.goto(`${stack.url}/settings/recording`);
  await expect(mel.getByText('Only admins of the workspace can change these settings.')).toBeVisible();
  await expect(mel.getByLabel('Days to keep recordings')).toBeDisabled();
  await theirs.close();

  const secret = await spawnAgent(page, stack.url, 'Secret', SHELL);
  await page.goto(`${stack.url}/agents/${secret}/terminal?terminal=1`);
  await expect(page.getByText('Ready', { exact: true })).toBeVisible();
  await type(page, 'read -sp "please-$((40+2)) " password; echo got-$((40+3))\n');
  await terminalSays(page, 'please-42');
  await page.keyboard.type('hunter2\n');
  await terminalSays(page, 'got-43');
  await page.keyboard.type('exit\n');
  await expect(page.getByText('This agent has stopped')).toBeVisible();
  await page.getByRole('link', { name: 'Watch the recording' }).click();
  await side('Typed').click();
  await expect(page.getByText('The workspace records output only')).toBeVisible();
  await expect(page.getByRole('list', { name: 'Typed' })).toContainText(/\d+ bytes, not recorded/);
  await expect(page.getByRole('complementary')).not.toContainText('hunter2');
  await picture(page, 'recording-output-only');
});

test('a picture of a recording being played', async () => {
  await page.goto(`${stack.url}/recordings?agent=${agent}`);
  await page.getByRole('list', { name: 'Recordings' }).getByRole('link').click();
  await page.setViewportSize({ width: 1280, height: 720 });
  await expect(player()).toContainText('written-by-mel');
  await page.getByLabel('Search the transcript').fill('build');
  await page.getByRole('option', { name: 'line 4 of the build' }).click();
  await expect(player()).toContainText('line 6 of the build');
  await pictureForReadme(page, 'recording');
});
