/**
 * The knowledge base with 10,000 pages and 10,000 tasks: how long one waits for search, lists, the tree and writes.
 *
 * Owns what is asked and how often. Must not know how the pages are made.
 */
import { setTimeout } from 'node:timers/promises';

import { fill, rare, word } from '../library.mjs';
import { percentile } from '../processes.mjs';

const SIZE = { pages: 10_000, tasks: 10_000 };
const QUICK = { pages: 400, tasks: 400 };

/** How often each question is asked, with other words or places each time. */
const TIMES = 100;

export async function measure({ client, options }) {
  const size = options.quick ? QUICK : SIZE;
  const begin = performance.now();
  const library = await fill(client.call, size);
  const fillSeconds = (performance.now() - begin) / 1000;
  const agent = await client.agent(['read:pages', 'read:tasks', 'read:projects', 'read:spaces']);
  const times = options.quick ? 10 : TIMES;
  const results = {};
  for (const [name, ask] of Object.entries(questions(library))) {
    results[name] = await asked(client.call, ask, times);
  }
  // Of what is closed to it nothing is found: that is a join more for every question.
  for (const [name, ask] of Object.entries(searches())) {
    results[`${name}, as an agent`] = await asked(agent, ask, times);
  }
  for (const [name, ask] of Object.entries(writes(library))) {
    results[name] = await asked(client.call, ask, times);
  }
  return { ...size, fillSeconds, asked: times, results };
}

const query = (text) => encodeURIComponent(text);

/** What is typed into the search. */
function searches() {
  return {
    'search, a common word': (at) => `/api/search?q=${query(word(at % 20))}`,
    'search, two words': (at) => `/api/search?q=${query(`${word(at + 5)} ${word(at * 3 + 40)}`)}`,
    'search, a rare word': (at) => `/api/search?q=${query(rare(at))}`,
    'search, a mistyped word': (at) => `/api/search?q=${query(mistyped(rare(at)))}`,
  };
}

function questions({ spaces, projects, pages }) {
  const one = (all, at) => all[(at * 37) % all.length];
  return {
    ...searches(),
    'suggestions, a beginning': (at) => `/api/search/suggest?q=${query(word(at + 300).slice(0, 3))}`,
    'list of tasks': () => '/api/tasks?limit=50',
    'list of tasks, one column of a project': (at) =>
      `/api/tasks?limit=50&status=todo&projectId=${one(projects, at)}`,
    'list of tasks, by a word': (at) => `/api/tasks?limit=50&q=${query(word(at + 100))}`,
    'list of projects, with counts': () => '/api/projects',
    'tree, the top of a space': (at) => `/api/pages?parentId=root&spaceId=${one(spaces, at)}`,
    'tree, below a page': (at) => `/api/pages?parentId=${pages[at % 50].id}&spaceId=${pages[at % 50].space}`,
    'recent pages': () => '/api/pages/recent',
    'one page': (at) => `/api/pages/${one(pages, at).id}`,
  };
}

/** What is written while all of it is there: the index follows within the same transaction. */
function writes({ spaces, pages }) {
  const one = (at) => pages[pages.length - 1 - at];
  const text = (at) => Array.from({ length: 250 }, (_, nth) => word(at * 97 + nth * 7)).join(' ');
  return {
    'write, a new page': (at) => [
      'POST',
      '/api/pages',
      { spaceId: spaces[0], title: `Written ${at}`, content: text(at) },
    ],
    'write, another text of a page': (at) => ['PATCH', `/api/pages/${one(at).id}`, { content: text(at + 500) }],
    'write, a page into the trash': (at) => ['DELETE', `/api/pages/${one(at).id}`],
  };
}

/** A word with two of its letters turned around. */
const mistyped = (text) => `${text.slice(0, 4)}${text[5]}${text[4]}${text.slice(6)}`;

/** How long an answer takes, in milliseconds. Agents may only ask so often: what is refused for that is asked later. */
async function answered(call, question) {
  for (;;) {
    const begin = performance.now();
    try {
      await call(...question);
      return performance.now() - begin;
    } catch (error) {
      if (!error.message.includes(': 429 ')) throw error;
    }
    await setTimeout(1000);
  }
}

async function asked(call, ask, times) {
  const took = [];
  for (let at = 0; at < times + 3; at++) {
    const question = ask(at);
    took.push(await answered(call, Array.isArray(question) ? question : ['GET', question]));
  }
  // The first ones open what the others find open.
  const warm = took.slice(3);
  return { p50: percentile(warm, 0.5), p99: percentile(warm, 0.99), max: percentile(warm, 1) };
}
