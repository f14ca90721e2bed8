/**
 * Spawn: from the request for a program to its first output at the viewer.
 *
 * Owns the number of spawns. Must not know products.
 */
import { percentile } from '../processes.mjs';

const SPAWNS = 20;

export async function measure({ client, options }) {
  const took = [];
  for (let count = 0; count < (options.quick ? 5 : SPAWNS) + 2; count++) {
    await client.warm();
    const begin = performance.now();
    const viewer = await (await client.open('idle')).view();
    took.push((await viewer.ready) - begin);
    viewer.close();
  }
  // The first ones load what the others find loaded.
  const warm = took.slice(2);
  return { spawns: warm.length, p50: percentile(warm, 0.5), max: percentile(warm, 1) };
}
