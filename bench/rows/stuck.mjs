/**
 * A stuck viewer: one of two stops reading in the middle of a flood.
 *
 * Owns the stall. Must not know products.
 */
import { anonymousKib, median } from '../processes.mjs';
import { corpusFor, flood } from './flood.mjs';

/** Floods with both viewers reading, and with one that does not. */
const RUNS = 3;

/** How often memory is looked at, in milliseconds. */
const LOOK = 25;

/** How long one flood may take before the product counts as stalled, in milliseconds. */
const STALLED = 30_000;

export async function measure({ productName, server, client, options }) {
  const corpus = corpusFor(productName, options);
  const session = await client.open('flood');
  const viewers = [await session.view()];
  await viewers[0].ready;
  viewers.push(await session.view());
  const floods = async (watch) => {
    const runs = [];
    while (runs.length < RUNS) {
      const limit = new Promise((_, reject) => {
        setTimeout(() => reject(new Error('stalled')), STALLED).unref();
      });
      runs.push(await Promise.race([flood({ server, session, viewers, corpus, watch }), limit]));
    }
    return { rate: median(runs.map((run) => run.rate)), pace: median(runs.map((run) => run.pace)) };
  };
  await flood({ server, session, viewers, corpus });
  const parts = server.parts();
  const both = await watched(parts, () => floods(viewers));
  viewers[1].stall();
  const stuck = await watched(parts, () => floods([viewers[0]])).catch((error) => ({
    error: error.message,
    peak: {},
  }));
  const growth = Object.fromEntries(
    Object.keys(both.peak).map((name) => [name, Math.max(0, stuck.peak[name] - both.peak[name])]),
  );
  return { both, stuck, growth, mib: corpus.mib * RUNS, kept: stuck.pace ? stuck.pace / both.pace : 0 };
}

/** What some work answers, with the most KiB that each part had meanwhile. */
async function watched(parts, work) {
  const peak = {};
  const looking = setInterval(() => {
    for (const [name, pids] of Object.entries(parts))
      peak[name] = Math.max(peak[name] ?? 0, anonymousKib(pids));
  }, LOOK);
  try {
    return { ...(await work()), peak };
  } finally {
    clearInterval(looking);
  }
}
