/** Owns what the tests do on pages again and again: sign in, read a terminal, take pictures. Must not start programs. */
import { expect, type Locator, type Page } from '@playwright/test';

export const OWNER = { email: 'ada@example.com', name: 'Ada', password: 'correct horse battery' };

const PICTURES = 'test-results/screens';
// Where the pictures of the README go when they are to be made again; else they are among the others.
const FOR_README = process.env.RAVEN_PICTURES ?? PICTURES;
const WIDE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

export async function login(
  page: Page,
  url: string,
  person: { email: string; password: string },
): Promise<void> {
  await page.goto(`${url}/login`);
  await page.getByLabel('E-mail').fill(person.email);
  await page.getByRole('textbox', { name: 'Password' }).fill(person.password);
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('heading', { name: 'Agents', level: 1 })).toBeVisible();
}

/** Makes the first account without the form, for tests of what comes after it. */
export async function setUp(page: Page, url: string, code: string): Promise<void> {
  const answer = await page.request.post(`${url}/api/auth/setup`, {
    headers: { origin: url },
    data: { ...OWNER, code, workspaceName: 'Lovelace Works' },
  });
  expect(answer.status(), await answer.text()).toBe(201);
}

/** Spawns an agent without the form; answers its id. */
export async function spawnAgent(page: Page, url: string, name: string, command: string[]): Promise<string> {
  const answer = await page.request.post(`${url}/api/parallax-agents/spawn`, {
    headers: { origin: url },
    data: { agentType: 'custom', name, config: { command } },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const { spawnedAgents } = (await answer.json()) as { spawnedAgents: { id: string }[] };
  return spawnedAgents[0]?.id ?? '';
}

/** The rows that the emulator shows. */
export function rows(page: Page): Locator {
  return page.getByTestId('terminal').locator('.xterm-rows');
}

export async function terminalSays(page: Page, text: string | RegExp): Promise<void> {
  await expect(rows(page)).toContainText(text);
}

/** Types as a person does: into the focused terminal. */
export async function type(page: Page, text: string): Promise<void> {
  await page.getByTestId('terminal').click();
  await page.keyboard.type(text);
}

/** The number of columns and rows that the bar shows. */
export async function shownSize(page: Page): Promise<{ cols: number; rows: number }> {
  const text = await page.getByTestId('terminal-size').innerText();
  const [cols = 0, lines = 0] = text.split('×').map(Number);
  return { cols, rows: lines };
}

/** Leaves pictures of the page: light and dark, wide and phone; a terminal on it is at least as wide as before then. */
export async function picture(page: Page, name: string): Promise<void> {
  const isComparable =
    page.viewportSize()?.width === WIDE.width && (await page.getByTestId('terminal-size').count()) === 1;
  const before = isComparable ? await shownSize(page) : undefined;
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    for (const [kind, viewport] of [
      ['wide', WIDE],
      ['phone', PHONE],
    ] as const) {
      await page.setViewportSize(viewport);
      await page.screenshot({ path: `${PICTURES}/${name}-${scheme}-${kind}.png` });
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize(WIDE);
  // A terminal that had just begun may have been narrower than the page when the first was taken.
  if (before) await expect.poll(async () => (await shownSize(page)).cols).toBeGreaterThanOrEqual(before.cols);
}

/** A picture for the README. */
export async function pictureForReadme(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${FOR_README}/${name}.png` });
}

/** One picture of two people's windows, side by side, for the README. */
export async function pictureOfTwo(left: Page, right: Page, name: string): Promise<void> {
  const shots = [await left.screenshot(), await right.screenshot()];
  const size = left.viewportSize() ?? WIDE;
  const page = await left.context().newPage();
  await page.setViewportSize({ width: 2 * size.width + 60, height: size.height + 40 });
  const images = shots.map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`);
  await page.setContent(
    `<style>body { display: flex; gap: 20px; margin: 20px; background: #dfe3e8 }
     img { border-radius: 10px; box-shadow: 0 2px 14px #0003 }</style>${images.join('')}`,
  );
  await pictureForReadme(page, name);
  await page.close();
}
