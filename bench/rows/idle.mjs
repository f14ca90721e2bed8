/**
 * Idle: what a session with a viewer costs when nothing happens, and what the programs cost at rest.
 *
 * Owns the number of sessions and how long they are watched. Must not know products.
 */
import { pause, privateKib, secondsSince, threadSeconds } from '../processes.mjs';

/** Sessions with a viewer each. */
const SESSIONS = 40;

/** How long it takes programs to settle, and how long the idle are watched, in milliseconds. */
const [SETTLE, WATCH] = [2000, 10_000];

export async function measure({ server, client, options }) {
  const count = options.quick ? 10 : SESSIONS;
  // One session first, so that what is made once for all of them does not count for each.
  const first = await (await client.open('idle')).view();
  await first.ready;
  await pause(SETTLE);
  const rest = memory(server);
  const sessions = await client.openMany('idle', count);
  for (const session of sessions) await (await session.view()).ready;
  await pause(SETTLE);
  const full = memory(server);
  const parts = server.parts();
  const names = Object.keys(parts);
  const before = names.map((name) => threadSeconds(parts[name]));
  const watched = options.quick ? WATCH / 5 : WATCH;
  await pause(watched);
  const used = names.map((name, index) => secondsSince(before[index], parts[name]));
  const cpu = Object.fromEntries(names.map((name, index) => [name, (used[index] / (watched / 1000)) * 100]));
  const perSession = {};
  for (const name of Object.keys(full)) perSession[name] = (full[name] - rest[name]) / count;
  return { sessions: count, rest, perSession, cpu, processes: Object.values(parts).flat().length };
}

/** KiB by part of the product. */
function memory(server) {
  return Object.fromEntries(Object.entries(server.parts()).map(([name, pids]) => [name, privateKib(pids)]));
}
