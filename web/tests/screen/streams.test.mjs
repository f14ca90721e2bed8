/**
 * Streams that no program at hand writes: what coding CLIs wrote, everything that is wide or joined, and random
 * output. Whoever joins anywhere in them sees what a viewer sees who was there.
 *
 * Owns which streams, and where they are cut. Must not know how terminals are compared.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Runtime } from './runtime.mjs';
import { Player, Replay } from './session.mjs';
import { random, stream } from './streams.mjs';
import { difference } from './xterm.mjs';

const DATA = fileURLToPath(new URL('../../../crates/raven-screen/tests-data', import.meta.url));

/** What part of a stream is played between two joins: primes, so that cuts fall inside of everything. */
const PARTS = [0.07, 0.31, 0.53, 0.83];

/** Random streams, and how long they may take at most, in milliseconds. */
const RANDOM = { streams: 400, limit: 20_000, pieces: 60 };

/** Where the random streams begin; change it to look for other ones. */
const SEED = Number(process.env.RAVEN_TEST_SEED ?? 1);

let runtime;
let folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'raven-streams-'));
  runtime = await Runtime.start();
});
after(async () => {
  await runtime?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Plays a stream in parts, with somebody joining after each and in the middle of the last one. */
async function playAndJoin(context, bytes, size, resized) {
  const player = await Player.open(runtime, folder, size);
  try {
    let from = 0;
    for (const part of PARTS) {
      const to = Math.floor(bytes.length * part);
      await player.play(bytes.subarray(from, to));
      await player.join(`at byte ${to}`);
      from = to;
    }
    const end = player.begin(bytes.subarray(from));
    await player.join('in the middle of the rest');
    await player.watcher.reaches(end);
    player.resize(resized);
    await player.still();
    await player.join('after a resize');
    await player.play(bytes.subarray(0, 2000));
    const { joins, comparisons } = await player.compare();
    context.diagnostic(`${joins} joins, ${comparisons} comparisons, ${bytes.length} bytes`);
  } finally {
    player.stop();
  }
}

for (const name of readdirSync(join(DATA, 'captures'))) {
  test(`capture ${name}`, (context) => {
    const bytes = readFileSync(join(DATA, 'captures', name));
    return playAndJoin(context, bytes, { cols: 120, rows: 40 }, { cols: 90, rows: 30 });
  });
}

test('everything wide, joined and written over', (context) => {
  const bytes = readFileSync(join(DATA, 'torture.bin'));
  return playAndJoin(context, bytes, { cols: 80, rows: 24 }, { cols: 80, rows: 33 });
});

test('random streams', async (context) => {
  const limit = Date.now() + RANDOM.limit;
  let count = 0;
  for (const size of [
    { cols: 20, rows: 6 },
    { cols: 80, rows: 24 },
  ]) {
    // prettier-ignore
    const player = await Player.open(runtime, folder, size);
    const whole = new Replay();
    for (let at = 0; at < RANDOM.streams / 2 && Date.now() < limit; at += 1, count += 1) {
      await oneRandom(player, whole, SEED + count, size);
    }
    player.stop();
  }
  context.diagnostic(`${count} streams, ${2 * count} comparisons, from seed ${SEED}`);
});

/** One stream, cut anywhere: somebody joins there. It begins where the last one left the terminal. */
async function oneRandom(player, whole, seed, size) {
  const generator = random(seed);
  const bytes = stream(generator, size, RANDOM.pieces);
  const cut = generator.below(bytes.length + 1);
  await player.play(bytes.subarray(0, cut));
  const late = await player.runtime.attach(player.agent);
  await late.painted();
  await player.play(bytes.subarray(cut));
  await late.reaches(player.watcher.offset);
  const replay = new Replay();
  const places = late.steps.flatMap((step, index) => (step.repaint ? [index + 1] : []));
  for (const end of [...places, late.steps.length]) {
    await replay.follow(late, { end });
    await whole.follow(player.watcher, { offset: replay.offset });
    const found = difference(whole.terminal.view(), replay.terminal.view());
    const where = `seed ${seed}, cut at ${cut} of ${JSON.stringify(bytes.toString('latin1'))}`;
    assert.equal(found, null, `${where}: ${found}`);
  }
  late.close();
}
