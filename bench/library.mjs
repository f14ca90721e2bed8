/**
 * A knowledge base of a size, made over HTTP as people make it: the same pages and tasks every time.
 *
 * Owns the words and the shape of the tree. Must not know what is measured.
 */

/** Different words in it, beside those that stand in few pages. */
const VOCABULARY = 4000;

/** Words of a page and of a task's description. */
const PAGE_WORDS = 250;
const TASK_WORDS = 40;

/** Pages under the same one, and spaces. */
const FANOUT = 20;
const SPACES = 5;

/** One page of so many is closed to agents, with all below it; so is one project of so many. */
const CLOSED = 50;
const PROJECTS = 20;

/** Calls that are under way at once. */
const AT_ONCE = 8;

const SYLLABLES = 'ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo zu'.split(' ');

/** The same numbers every time. */
function randomness(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A word for a number: short for small ones. */
export function word(number) {
  let [text, rest] = ['', number + 20];
  for (; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) text += SYLLABLES[rest % SYLLABLES.length];
  return text;
}

/** Words as they come in texts: few of them often, most of them seldom. */
const some = (random, count) =>
  Array.from({ length: count }, () => word(Math.floor(VOCABULARY * random() ** 3)));

/** Sentences of some words, in paragraphs under headings. */
function markdown(random, count) {
  const words = some(random, count);
  const lines = [];
  for (let at = 0; at < words.length; at += 12) {
    if (at % 60 === 0) lines.push(`## ${words[at]}`);
    lines.push(`${words.slice(at, at + 12).join(' ')}.`);
  }
  return lines.join('\n\n');
}

/** A word that stands in few pages, by which one of them is found. */
export const rare = (number) => `sentinel${word(number * 7919)}`;

/** Makes it; answers where everything is. */
export async function fill(call, { pages, tasks }) {
  const random = randomness(1);
  const spaces = [];
  for (let at = 0; at < SPACES; at++) {
    spaces.push((await call('POST', '/api/spaces', { name: `Space ${word(at)}` })).id);
  }
  const projects = [];
  for (let at = 0; at < PROJECTS; at++) {
    const agentAccessible = at === 0 ? false : null;
    projects.push((await call('POST', '/api/projects', { name: `Project ${word(at)}`, agentAccessible })).id);
  }
  const made = new Array(pages);
  const page = async (at) => {
    // Those above it were made by the rounds before.
    const above = at < SPACES * FANOUT ? null : made[Math.floor(at / FANOUT) - SPACES];
    const space = above ? above.space : spaces[at % SPACES];
    const { id } = await call('POST', '/api/pages', {
      spaceId: space,
      parentId: above?.id,
      title: `${some(random, 4).join(' ')} ${at}`,
      content: `${markdown(random, PAGE_WORDS)}\n\n${rare(at % 500)}`,
      agentAccessible: at % CLOSED !== CLOSED - 1,
    });
    made[at] = { id, space };
  };
  let done = 0;
  for (let size = SPACES * FANOUT; done < pages; size = Math.min(done * FANOUT, pages - done) || 1) {
    const round = Math.min(size, pages - done);
    await each(round, (at) => page(done + at));
    done += round;
  }
  const people = ['todo', 'in_progress', 'blocked', 'done', 'cancelled'];
  await each(tasks, (at) =>
    call('POST', '/api/tasks', {
      title: `${some(random, 5).join(' ')} ${at}`,
      description: markdown(random, TASK_WORDS),
      status: people[at % people.length],
      projectId: projects[at % PROJECTS],
    }),
  );
  return { spaces, projects, pages: made };
}

/** Does something so many times, some at once. */
async function each(count, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
