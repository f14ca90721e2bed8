/**
 * Throughput: one viewer, and ten.
 *
 * Owns the number of viewers and of runs. Must not know products.
 */
import { median, privateKib } from '../processes.mjs';
import { corpusFor, flood } from './flood.mjs';

/** Measured floods, after one that warms up. */
const RUNS = 3;

const MANY = 10;

export const one = (given) => throughput(given, 1);
export const ten = (given) => throughput(given, MANY);

async function throughput({ productName, server, client, options }, count) {
  const corpus = corpusFor(productName, options);
  const session = await client.open('flood');
  const viewers = [await session.view()];
  await viewers[0].ready;
  while (viewers.length < count) viewers.push(await session.view());
  await flood({ server, session, viewers, corpus });
  const runs = [];
  while (runs.length < RUNS) runs.push(await flood({ server, session, viewers, corpus }));
  const parts = Object.entries(server.parts());
  /** KiB by part, with the screen and the scrollback that the flood left. */
  const memory = Object.fromEntries(parts.map(([name, pids]) => [name, privateKib(pids)]));
  return { viewers: count, mib: corpus.mib, ...middle(runs), memory, runs };
}

/** The medians of what was measured in each run. */
export function middle(runs) {
  const names = ['rate', 'pace', 'delivered', 'audited', 'cpu', 'client', 'repaints'];
  const medians = Object.fromEntries(
    names.map((name) => [name, median(runs.map((run) => run[name] ?? NaN))]),
  );
  const parts = Object.keys(runs[0].parts);
  medians.parts = Object.fromEntries(parts.map((part) => [part, median(runs.map((run) => run.parts[part]))]));
  return medians;
}
