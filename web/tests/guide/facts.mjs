/**
 * Waiting for facts under a deadline.
 *
 * Owns how long a fact may take, and what is said when it does not come. Must not know which facts.
 */
import { setInterval } from 'node:timers/promises';

/** Longest wait for any fact, in milliseconds: generous, because a busy machine is slow and not wrong. */
export const DEADLINE = 30_000;

/** Time between two looks at a fact that nobody announces, in milliseconds. */
const LOOK_EVERY = 50;

/** Looks until `look` answers something truthy, and answers that; `what` says in the end what was missing. */
export async function until(what, look) {
  const end = Date.now() + DEADLINE;
  const ticks = setInterval(LOOK_EVERY);
  try {
    for (;;) {
      const seen = await look();
      if (seen) return seen;
      if (Date.now() > end)
        throw new Error(`not within ${DEADLINE} ms: ${what instanceof Function ? what() : what}`);
      await ticks.next();
    }
  } finally {
    await ticks.return();
  }
}

/** The arguments of the next event with this name. */
export function heard(emitter, event) {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`not heard within ${DEADLINE} ms: ${event}`)), DEADLINE);
    emitter.once(event, (...values) => {
      clearTimeout(late);
      resolve(values);
    });
  });
}
