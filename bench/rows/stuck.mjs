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
  const both = await floods(viewers);
  const parts = server.parts();
  const before = grown(parts);
  const peak = { ...before };
  const looking = setInterval(() => {
    for (const [name, kib] of Object.entries(grown(parts))) peak[name] = Math.max(peak[name], kib);
  }, LOOK);
  viewers[1].stall();
  const stuck = await floods([viewers[0]]).catch((error) => ({ error: error.message }));
  clearInterval(looking);
  const growth = Object.fromEntries(Object.keys(peak).map((name) => [name, peak[name] - before[name]]));
  return { both, stuck, growth, mib: corpus.mib * RUNS, kept: stuck.pace ? stuck.pace / both.pace : 0 };
}

function grown(parts) {
  return Object.fromEntries(Object.entries(parts).map(([name, pids]) => [name, anonymousKib(pids)]));
}
