/**
 * Echo: from a key to its letter on the viewer's side, idle and while another session floods.
 *
 * Owns the typing. The flood has a viewer in another process, so that our own client is not what waits.
 */
import { BENCH } from '../packages.mjs';
import { pause, percentile, Server } from '../processes.mjs';
import { corpusFor } from './flood.mjs';

/** Keys typed when nothing else happens, and those before that warm up. */
const [KEYS, WARM_UP] = [500, 50];

/** How long is typed while another session floods, in milliseconds. */
const FLOODED = 6000;

/** A letter that has not come after this long is not waited for, in milliseconds. */
const GIVEN_UP = 10_000;

/** Longest pause between keys, in milliseconds: pauses differ, so that no timer is hit in step. */
const PAUSE = 8;

export async function measure({ productName, server, client, options }) {
  const session = await client.open('echo');
  const viewer = await session.view();
  await viewer.ready;
  await type(viewer, WARM_UP, GIVEN_UP);
  const idle = await type(viewer, options.quick ? 100 : KEYS, 30_000);
  const { file } = corpusFor(productName, options);
  const flooder = [`${BENCH}flooder.mjs`, productName, JSON.stringify(server.info), file];
  const other = new Server(process.execPath, flooder);
  await other.says(/flooding/);
  const flooded = await type(viewer, Infinity, options.quick ? 1500 : FLOODED);
  await other.stop();
  return { idle: summary(idle), flooded: summary(flooded) };
}

/** Types letters one by one, each when the last has come back; milliseconds, or null for what never came. */
async function type(viewer, keys, limit) {
  const deadline = performance.now() + limit;
  const took = [];
  for (let key = 0; key < keys && performance.now() < deadline; key++) {
    await pause(((key * 7) % PAUSE) + 1);
    const begin = performance.now();
    const came = new Promise((resolve) => {
      viewer.hear = () => resolve(performance.now() - begin);
    });
    viewer.write(String.fromCharCode(97 + (key % 26)));
    const late = new AbortController();
    took.push(await Promise.race([came, pause(GIVEN_UP, late.signal).then(() => null)]));
    late.abort();
    viewer.hear = null;
    if (took.at(-1) === null) break;
  }
  return took;
}

function summary(took) {
  const came = took.filter((ms) => ms !== null);
  return {
    keys: came.length,
    lost: took.length - came.length,
    p50: percentile(came, 0.5),
    p99: percentile(came, 0.99),
    max: percentile(came, 1),
  };
}
