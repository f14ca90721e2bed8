/**
 * One flood: the corpus through one session to its viewers, and what it cost.
 *
 * Owns what counts as delivered and as used. Must not know products.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { cpuSeconds, pause } from '../processes.mjs';

export const MIB = 1024 * 1024;

/** How often the audit is asked how far it is, in milliseconds. */
const ASK_AUDIT = 20;

/** MiB of one flood by product: as much as takes seconds, not minutes. */
const SIZES = { raven: 64, gateway: 32, 'gateway-unaudited': 32, terminado: 32, wetty: 32, tmux: 16 };

/** Every size that is used, for the corpus. */
export const sizes = (quick) => (quick ? [2] : [...new Set(Object.values(SIZES))]);

/** The file of a product's flood, and its size as terminals put it out, with a carriage return at each end of line. */
export function corpusFor(productName, { corpus, quick }) {
  const mib = quick ? 2 : SIZES[productName];
  const file = `live-${mib}.bin`;
  const bytes = readFileSync(join(corpus, file));
  const text = bytes.toString();
  const lines = text.split('\n').length - 1;
  return { file, mib, bytes: bytes.length + lines, units: text.length + lines };
}

let floods = 0;

/** Floods once; answers when every viewer has seen the end, and the audit of a product that has one. */
export async function flood({ server, session, viewers, corpus, watch = viewers }) {
  const number = `${process.pid}-${++floods}`;
  const mark = `@@END-${number}@@`;
  const before = viewers.map(({ units, repaints }) => ({ units, repaints }));
  const audited = await session.audited?.();
  const [parts, used] = [server.parts(), {}];
  for (const [name, pids] of Object.entries(parts)) used[name] = cpuSeconds(pids);
  const client = process.cpuUsage();
  const ends = watch.map((viewer) => viewer.sees(mark));
  const begin = performance.now();
  viewers[0].write(`${corpus.file} ${number}\r`);
  const seen = await Promise.all(ends);
  const clientUsed = process.cpuUsage(client);
  let auditedAt = null;
  if (session.audited) {
    while ((await session.audited()) < audited + corpus.bytes) await pause(ASK_AUDIT);
    auditedAt = performance.now();
  }
  const gib = corpus.bytes / MIB / 1024;
  for (const [name, pids] of Object.entries(parts)) used[name] = (cpuSeconds(pids) - used[name]) / gib;
  const expected = typeof viewers[0].offset === 'number' ? corpus.bytes : corpus.units;
  const each = watch.map((viewer, index) => {
    const delivered = Math.min(1, (viewer.units - before[viewers.indexOf(viewer)].units) / expected);
    const seconds = (seen[index] - begin) / 1000;
    return { seconds, delivered, rate: (corpus.bytes / MIB / seconds) * delivered };
  });
  const slowest = Math.max(...each.map(({ seconds }) => seconds));
  return {
    /** MiB/s that the slowest viewer was shown. */
    rate: Math.min(...each.map(({ rate }) => rate)),
    /** MiB/s at which the program got rid of its output, as far as the quickest viewer tells. */
    pace: corpus.bytes / MIB / Math.min(...each.map(({ seconds }) => seconds)),
    delivered: Math.min(...each.map(({ delivered }) => delivered)),
    repaints: viewers.reduce((sum, viewer, index) => sum + viewer.repaints - before[index].repaints, 0),
    audited: auditedAt && corpus.bytes / MIB / ((auditedAt - begin) / 1000),
    cpu: Object.values(used).reduce((sum, part) => sum + part, 0),
    parts: used,
    /** How much of one processor the client used: near 1 it is what limits. */
    client: (clientUsed.user + clientUsed.system) / 1e6 / slowest,
  };
}
