/**
 * Idle: what a session with a viewer costs when nothing happens, and what the programs cost at rest.
 *
 * Owns the number of sessions and how long they are watched. Must not know products.
 */
import { pause, privateKib, secondsSince, threadSeconds } from '../processes.mjs';

/** Sessions with a viewer each, opened before the sessions that count and as those: what grows once counts for none. */
const SESSIONS = 40;

/** How long it takes programs to settle, and how long the idle are watched, in milliseconds. */
const [SETTLE, WATCH] = [3000, 15_000];

export async function measure({ server, client, options }) {
  const count = options.quick ? 10 : SESSIONS;
  const openMore = async (more) => {
    for (const session of await client.openMany('idle', more)) await (await session.view()).ready;
    await pause(SETTLE);
    return memory(server);
  };
  const rest = await openMore(1);
  const some = await openMore(count);
  const full = await openMore(count);
  const parts = server.parts();
  const names = Object.keys(parts);
  const before = names.map((name) => threadSeconds(parts[name]));
  const watched = options.quick ? WATCH / 5 : WATCH;
  await pause(watched);
  const used = names.map((name, index) => secondsSince(before[index], parts[name]));
  const cpu = Object.fromEntries(names.map((name, index) => [name, (used[index] / (watched / 1000)) * 100]));
  const perSession = {};
  for (const name of Object.keys(full)) perSession[name] = (full[name] - some[name]) / count;
  return { sessions: 2 * count + 1, rest, perSession, cpu, processes: Object.values(parts).flat().length };
}

/** KiB by part of the product. */
function memory(server) {
  return Object.fromEntries(Object.entries(server.parts()).map(([name, pids]) => [name, privateKib(pids)]));
}
