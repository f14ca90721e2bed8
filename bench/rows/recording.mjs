/**
 * Recording: is every byte in it, in order and once, and how far does it lag behind what viewers see?
 *
 * Owns the comparison. Must not know how a recording is kept.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { pause, percentile, until } from '../processes.mjs';
import { corpusFor, flood } from './flood.mjs';

/** How often the session is asked how far its recording is, in milliseconds. */
const ASK = 10;

/** How long after a flood the rest may take to be recorded, in milliseconds. */
const REST = 20_000;

export async function measure({ productName, server, client, options }) {
  const corpus = corpusFor(productName, options);
  const session = await client.open('flood');
  const viewer = await session.view();
  await viewer.ready;
  const seen = [];
  viewer.hear = () => seen.push([performance.now(), viewer.offset]);
  const lag = follow(session, seen);
  const { rate } = await flood({ server, session, viewers: [viewer], corpus });
  const number = `${process.pid}-1`;
  const expected = Buffer.concat([
    Buffer.from('@@READY@@\r\n'),
    Buffer.from(readFileSync(join(options.corpus, corpus.file), 'latin1').replaceAll('\n', '\r\n'), 'latin1'),
    Buffer.from(`\x1b[m@@END-${number}@@\r\n`),
  ]);
  await until('the whole of it is recorded', REST, async () => (await session.audited()) >= expected.length);
  const lags = await lag.stop();
  const recorded = await session.recorded();
  return {
    rate,
    identical: recorded.equals(expected),
    bytes: recorded.length,
    expected: expected.length,
    lagP50: percentile(lags, 0.5),
    lagP99: percentile(lags, 0.99),
    lagMax: percentile(lags, 1),
    asked: lags.length,
  };
}

/**
 * Asks again and again how far the recording is; each answer's lag is the age of the first output that the
 * viewer had seen when it was asked and that is not recorded yet.
 */
function follow(session, seen) {
  const lags = [];
  let going = true;
  const asking = (async () => {
    while (going) {
      const now = performance.now();
      const bytes = await session.audited();
      const missing = seen.find(([time, offset]) => time <= now && offset > bytes);
      lags.push(missing ? now - missing[0] : 0);
      while (seen.length && seen[0][1] <= bytes) seen.shift();
      await pause(ASK);
    }
  })();
  return {
    stop: async () => {
      going = false;
      await asking;
      return lags;
    },
  };
}
