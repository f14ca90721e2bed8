/** Owns several people at one terminal: asking, handing over, taking, and watching by a link without an account. */
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';

import {
  login,
  picture,
  pictureOfTwo,
  rows,
  setUp,
  shownSize,
  spawnAgent,
  terminalSays,
  type,
} from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const SHELL = ['env', 'PS1=scout$ ', 'bash', '--norc', '--noprofile'];
const MEMBER = { email: 'mel@example.com', name: 'Mel', password: 'another good password', role: 'member' };
const VIEWER = { email: 'vic@example.com', name: 'Vic', password: 'only here to look on', role: 'viewer' };

let stack: Stack;
let contexts: BrowserContext[] = [];
/** Ada owns the workspace; Mel is a member of it. */
let ada: Page;
let mel: Page;
let address: string;

async function person(browser: Browser, viewport = { width: 1280, height: 800 }): Promise<Page> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', colorScheme: 'light' });
  contexts.push(context);
  return context.newPage();
}

const bar = (page: Page) => page.getByRole('group', { name: 'Terminal state' });
const request = (page: Page) => page.getByRole('group', { name: 'Somebody asks for control' });

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  ada = await person(browser);
  await setUp(ada, stack.url, stack.docs.fact('code'));
  await stack.addPerson(MEMBER);
  const agent = await spawnAgent(ada, stack.url, 'Scout', SHELL);
  address = `${stack.url}/agents/${agent}/terminal?terminal=1`;
  await ada.goto(address);
  await terminalSays(ada, 'scout$');
  mel = await person(browser, { width: 1000, height: 640 });
  await login(mel, stack.url, MEMBER);
  await mel.goto(address);
  await terminalSays(mel, 'scout$');
});

test.afterAll(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
  await stack?.stop();
});

test('who asks waits, may change their mind, and is told when it is not now', async () => {
  await expect(bar(ada)).toContainText('You are typing');
  await expect(bar(mel)).toContainText('Watching – Ada is typing');
  await expect(mel.getByRole('button', { name: 'Take control' })).toHaveCount(0);
  await mel.getByRole('button', { name: 'Ask for control' }).click();
  await expect(bar(mel)).toContainText('You asked Ada for control');
  await expect(request(ada)).toContainText('Mel would like to type');
  await mel.getByRole('button', { name: 'Cancel' }).click();
  await expect(request(ada)).toHaveCount(0);
  await mel.getByRole('button', { name: 'Ask for control' }).click();
  await picture(mel, 'handover-asked');
  await request(ada).getByRole('button', { name: 'Not now' }).click();
  await expect(bar(mel)).toContainText('Watching – Ada is typing');
});

test('a request changes nothing of the terminal of who types, and the keyboard stays there', async () => {
  const before = await shownSize(ada);
  await type(ada, 'clear; echo half a ');
  await mel.getByRole('button', { name: 'Ask for control' }).click();
  await expect(request(ada)).toBeVisible();
  await ada.keyboard.type('sentence\n');
  await terminalSays(ada, 'half a sentence');
  expect(await shownSize(ada)).toEqual(before);
  await picture(ada, 'handover-request');
});

test('the writer hands over by keyboard alone, and the other types', async () => {
  await ada.getByTestId('terminal').click();
  await ada.keyboard.press('Control+Shift+H');
  await expect(request(ada).getByRole('button', { name: 'Hand over' })).toBeFocused();
  await ada.keyboard.press('Escape');
  await expect(ada.locator('.xterm-helper-textarea')).toBeFocused();
  await ada.keyboard.press('Control+Shift+H');
  await ada.keyboard.press('Enter');
  await expect(bar(mel)).toContainText('You are typing');
  await expect(bar(ada)).toContainText('Watching – Mel is typing');
  await type(mel, 'clear; echo from-mel-$((6*7))\n');
  await terminalSays(ada, 'from-mel-42');
});

test('who watches sees the writer’s screen whole, at the writer’s size', async () => {
  await expect.poll(() => shownSize(ada)).toEqual(await shownSize(mel));
  const { cols } = await shownSize(mel);
  await ada.setViewportSize({ width: 700, height: 420 });
  await type(mel, `clear; printf '%*s\\n' ${cols} '<end'\n`);
  await terminalSays(ada, '<end');
  // The row is scaled to the window: its end is in sight without scrolling.
  const screen = await ada.getByTestId('terminal').boundingBox();
  const row = await rows(ada)
    .locator('> div', { hasText: '<end' })
    .last()
    .locator('span')
    .last()
    .boundingBox();
  expect((row?.x ?? 0) + (row?.width ?? 0)).toBeLessThanOrEqual((screen?.x ?? 0) + (screen?.width ?? 0) + 1);
  await ada.setViewportSize({ width: 1280, height: 800 });
});

test('an admin takes control at once, and who typed is told', async () => {
  await expect(ada.getByRole('button', { name: 'Ask for control' })).toBeVisible();
  await picture(ada, 'handover-admin');
  await ada.getByRole('button', { name: 'Take control' }).click();
  await expect(bar(ada)).toContainText('You are typing');
  await expect(mel.getByText(/Ada has the terminal now/)).toBeVisible();
  await picture(mel, 'handover-taken');
  await type(mel, 'not sent');
  await expect(mel.getByText(/What you typed was not sent/)).toBeVisible();
  await ada.keyboard.type('clear; echo by-ada\n');
  await terminalSays(mel, 'by-ada');
});

test('a seat that was given up is taken by typing', async () => {
  await ada.getByRole('button', { name: 'Release' }).click();
  await expect(bar(ada)).toContainText('Nobody is typing – type to take over');
  await expect(bar(mel)).toContainText('Nobody is typing – type to take over');
  await picture(ada, 'handover-free');
  await type(mel, 'echo taken-by-typing\n');
  await terminalSays(ada, 'taken-by-typing');
  await expect(bar(mel)).toContainText('You are typing');
});

test('everybody who is here is listed, and handed to from there', async ({ browser }) => {
  await stack.addPerson(VIEWER);
  const vic = await person(browser);
  await login(vic, stack.url, VIEWER);
  await vic.goto(address);
  await terminalSays(vic, 'taken-by-typing');
  await expect(vic.getByRole('button', { name: /control/ })).toHaveCount(0);
  await mel.getByLabel(/3 viewers/).click();
  const list = mel.getByRole('list', { name: 'Here now' });
  await expect(list.getByRole('listitem').filter({ hasText: 'Mel' })).toContainText('typing');
  await expect(list.getByRole('listitem').filter({ hasText: 'Vic' })).toContainText('watching');
  await expect(list.getByRole('button', { name: 'Hand over to Vic' })).toHaveCount(0);
  await picture(mel, 'handover-presence');
  await list.getByRole('button', { name: 'Hand over to Ada' }).click();
  await expect(bar(ada)).toContainText('You are typing');
  await vic.close();
});

test('a read-only link shows the terminal to somebody without an account, until it is revoked', async ({
  browser,
}) => {
  await ada.getByRole('button', { name: 'Share a read-only link' }).click();
  const dialog = ada.getByRole('dialog');
  await dialog.getByLabel('Label').fill('Demo for Grace');
  await dialog.getByText('1 hour').click();
  await dialog.getByRole('button', { name: 'Create link' }).click();
  const url = await dialog.getByLabel('Read-only link').innerText();
  expect(url).toMatch(/\/watch#raven_link_/);
  await expect(dialog.getByRole('region', { name: 'Links that work now' })).toContainText('Demo for Grace');
  await picture(ada, 'share-dialog');

  const guest = await person(browser);
  const token = new URL(url).hash.slice(1);
  const requested: string[] = [];
  guest.on('request', (sent) => requested.push(`${sent.url()} ${JSON.stringify(sent.headers())}`));
  await guest.goto(url.replace(stack.wire.url, stack.url));
  await terminalSays(guest, 'taken-by-typing');
  await expect(guest.getByRole('heading', { name: 'Scout' })).toBeVisible();
  await expect(guest.getByRole('banner')).toContainText(/Read-only link, ends in \d+ min/);
  await type(guest, 'x');
  await expect(guest.getByText('This is a read-only link')).toBeVisible();
  await expect(guest.getByRole('button', { name: /control/i })).toHaveCount(0);
  await picture(guest, 'watch');
  await guest.reload();
  await terminalSays(guest, 'taken-by-typing');
  // The token goes into the handshake of the socket, and into no address and no header.
  expect(requested.filter((sent) => sent.includes(token))).toEqual([]);

  await ada.keyboard.press('Escape');
  await ada.getByLabel(/3 viewers/).click();
  const row = ada.getByRole('list', { name: 'Here now' }).getByRole('listitem');
  await expect(row.filter({ hasText: 'Demo for Grace' })).toContainText('guest');
  await picture(ada, 'handover-guest');
  await ada.keyboard.press('Escape');

  await ada.getByRole('button', { name: 'Share a read-only link' }).click();
  await ada.getByRole('button', { name: 'Revoke the link “Demo for Grace”' }).click();
  await expect(ada.getByText('No link leads to this session.')).toBeVisible();
  await ada.keyboard.press('Escape');
  await expect(guest.getByText('This link has ended')).toBeVisible();
  await picture(guest, 'watch-ended');
  await guest.reload();
  await expect(guest.getByText('This link does not work')).toBeVisible();
  await guest.goto(`${stack.url}/watch`);
  await expect(guest.getByText('The link is not whole')).toBeVisible();
});

test('every hand-over is in the activity feed', async () => {
  await ada.goto(`${stack.url}/activity`);
  const feed = ada.getByRole('list', { name: 'Activity' });
  for (const entry of [
    'Ada handed control to Mel',
    'Ada took control from Mel',
    'Ada released control',
    'Mel took control',
    'Mel handed control to Ada',
  ]) {
    await expect(feed.getByText(entry, { exact: true })).toBeVisible();
  }
  await expect(feed.getByText('Demo for Grace').first()).toBeVisible();
  await picture(ada, 'activity-handover');
});

test('a picture of a hand-over between two browsers', async () => {
  const size = { width: 860, height: 560 };
  for (const page of [ada, mel]) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  }
  // Whoever is there first has the free seat.
  await mel.goto('about:blank');
  await ada.goto(address);
  await expect(bar(ada)).toContainText('You are typing');
  await mel.goto(address);
  await expect(bar(mel)).toContainText('Watching – Ada is typing');
  await type(ada, 'clear; cat /etc/os-release | head -4; date -u +%F\n');
  await terminalSays(mel, /PRETTY_NAME/);
  await mel.getByRole('button', { name: 'Ask for control' }).click();
  await expect(request(ada)).toBeVisible();
  await expect(bar(mel)).toContainText('You asked Ada for control');
  await pictureOfTwo(ada, mel, 'hand-over');
});
