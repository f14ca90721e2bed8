/** Owns how much a page loads until one can use it. Must not know which page. */
import { gzipSync } from 'node:zlib';

import type { BrowserContext } from '@playwright/test';

/** Marks when an element that matches is first on the page, in the time of the page's own resources. */
const watchFor = (selector: string) => {
  const observer = new MutationObserver(() => {
    if (!document.querySelector(selector)) return;
    observer.disconnect();
    performance.mark('usable');
  });
  observer.observe(document, { childList: true, subtree: true });
};

/** Bytes of scripts and styles, gzipped, that a page asks for until there is such an element. */
export async function weighed(context: BrowserContext, url: string, selector: string): Promise<number> {
  const page = await context.newPage();
  await page.addInitScript(watchFor, selector);
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName('usable').length > 0);
  const asked = await page.evaluate(() => {
    const usable = performance.getEntriesByName('usable')[0]?.startTime ?? 0;
    const before = performance.getEntriesByType('resource').filter(({ startTime }) => startTime <= usable);
    return before.map(({ name }) => name).filter((name) => /\.(js|css)$/.test(new URL(name).pathname));
  });
  await page.close();
  let total = 0;
  for (const name of new Set(asked)) total += gzipSync(await (await context.request.get(name)).body()).length;
  return total;
}
