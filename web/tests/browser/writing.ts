/** Owns what the tests of pages and tasks do again and again: make things by the API, write in the editor. Must not start programs. */
import { expect, type Browser, type Locator, type Page } from '@playwright/test';

/** A window of somebody's own; who closes it is told by `windows`. */
export async function newWindow(browser: Browser, windows: Page[]): Promise<Page> {
  const context = await browser.newContext({
    reducedMotion: 'reduce',
    colorScheme: 'light',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  windows.push(page);
  return page;
}

export async function closeAll(windows: Page[]): Promise<void> {
  for (const page of windows.splice(0)) await page.context().close();
}

/** Asks the API as whoever is logged in there. */
export async function asked<Shape>(
  page: Page,
  url: string,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  data?: unknown,
): Promise<Shape> {
  const answer = await page.request.fetch(url + path, { method, data, headers: { origin: url } });
  expect(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`).toBe(true);
  return (await answer.json()) as Shape;
}

/** The Markdown editor of a page, or of what has the label. */
export function editor(at: Page | Locator, label = 'Text in Markdown'): Locator {
  return at.getByRole('textbox', { name: label });
}

/** Types at the end of the editor, as a person does. */
export async function write(page: Page, into: Locator, text: string): Promise<void> {
  await into.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(text);
}

/** Puts text at the end at once, where typing letter by letter would only take time. */
export async function put(page: Page, into: Locator, text: string): Promise<void> {
  await into.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.insertText(text);
}

/** Pastes a PNG of one red pixel, as from a clipboard. */
export async function pasteImage(into: Locator, name: string): Promise<void> {
  await into.evaluate((target, file) => {
    const bytes = Uint8Array.from(
      atob(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
      ),
      (letter) => letter.charCodeAt(0),
    );
    const data = new DataTransfer();
    data.items.add(new File([bytes], file, { type: 'image/png' }));
    target.dispatchEvent(
      new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }),
    );
  }, name);
}
