/** Owns what the tests do on pages again and again: sign in, read a terminal, take pictures. Must not start programs. */
import { expect, type Locator, type Page, type WebSocketRoute } from '@playwright/test';

export const OWNER = { email: 'ada@example.com', name: 'Ada', password: 'correct horse battery' };

const PICTURES = 'test-results/screens';
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

/** Leaves pictures of the page: light and dark, wide and phone. */
export async function picture(page: Page, name: string): Promise<void> {
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
}

/** The page's way to the server, which can be cut and mended. */
export class Wire {
  /** Both ends of each connection: the server too must learn that it is gone. */
  #open = new Set<WebSocketRoute>();
  #isCut = false;

  /** Before the page is opened. */
  static async of(page: Page): Promise<Wire> {
    const wire = new Wire(page);
    await page.routeWebSocket(/\/socket\.io\//, (socket) => wire.#accept(socket));
    return wire;
  }

  private constructor(private readonly page: Page) {}

  async cut(): Promise<void> {
    this.#isCut = true;
    await this.page.context().setOffline(true);
    await Promise.all([...this.#open].map((socket) => socket.close()));
    this.#open.clear();
  }

  async mend(): Promise<void> {
    this.#isCut = false;
    await this.page.context().setOffline(false);
  }

  #accept(socket: WebSocketRoute): void {
    if (this.#isCut) {
      void socket.close();
      return;
    }
    this.#open.add(socket).add(socket.connectToServer());
  }
}
