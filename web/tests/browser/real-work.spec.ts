/**
 * Owns the proof that a real program, spawned with its first work, does it through the tools of its control plane:
 * reads a page, is refused a closed one, changes a task, asks a person, reports. Must not know the programs' screens.
 * `cargo xtask test --agents` runs it.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test, type BrowserContext, type Page } from '@playwright/test';

import { picture, rows, setUp } from './pages';
import { Program, Stack } from './programs';

/** The suite of real agents, which also serves the providers that its agents talk to. */
const STUB = process.env.RAVEN_STUB_BIN ?? '';
/** Where their programs are. */
const AGENTS_PATH = process.env.RAVEN_AGENTS_PATH ?? '';

// A program's first start, and a turn with half a dozen calls on a busy machine.
const WORK_DEADLINE_MS = 90_000;

interface Subject {
  type: string;
  name: string;
  provider: string;
  /** The variable by which its user says where its provider is. */
  address: (stub: string) => [string, string];
  model?: string;
}

const SUBJECTS: Subject[] = [
  {
    type: 'claude-code',
    name: 'Claude Code',
    provider: 'anthropic',
    address: (stub) => ['ANTHROPIC_BASE_URL', stub],
  },
  {
    type: 'codex',
    name: 'Codex',
    provider: 'openai',
    address: (stub) => ['OPENAI_BASE_URL', `${stub}/v1`],
    model: 'stub-model',
  },
  {
    type: 'gemini-cli',
    name: 'Gemini CLI',
    provider: 'gemini',
    address: (stub) => ['GOOGLE_GEMINI_BASE_URL', stub],
  },
];

let stub: Program;
let stack: Stack;
let context: BrowserContext;
let page: Page;
/** A page that agents may read, with a word that stands nowhere else, and one that they may not. */
let open: string;
let closed: string;

test.beforeAll(async ({ browser }) => {
  stub = await Program.start(STUB, ['stub', '0'], { url: /^(http:\S+)/ });
  const override = async (runtimeFolder: string) => {
    await mkdir(join(runtimeFolder, 'kinds'), { recursive: true, mode: 0o700 });
    for (const { type, address } of SUBJECTS) {
      const [name, value] = address(stub.fact('url'));
      const text = `type = "${type}"\n[[program.variables]]\nname = "${name}"\nvalue = "${value}"\n`;
      await writeFile(join(runtimeFolder, 'kinds', `${type}.toml`), text);
    }
  };
  stack = await Stack.start(override, { PATH: `${AGENTS_PATH}:${process.env.PATH ?? ''}` });
  context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  page = await context.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
  const space = await made('spaces', { name: 'Handbook', slug: 'handbook' });
  open = await made('pages', { spaceId: space, title: 'Lanterns', content: 'The keeper is lantern-7.' });
  closed = await made('pages', {
    spaceId: space,
    title: 'Salaries',
    content: 'The keeper earns secret-9.',
    agentAccessible: false,
  });
});

test.afterAll(async () => {
  await context?.close();
  await stack?.stop();
  await stub?.stop();
});

for (const subject of SUBJECTS) {
  test(`${subject.type} does its first work`, async () => {
    test.setTimeout(5 * WORK_DEADLINE_MS);
    const { type, name, provider, model } = subject;
    await sent('PUT', `parallax-agents/runtime/keys/${provider}`, {
      key: `stub-key-${type}-0123456789abcdefghij`,
    });
    const task = await made('tasks', { title: `Paint the door (${name})` });
    const agent = await spawned({
      agentType: type,
      name: `${name} at work`,
      permissions: ['read:pages', 'read:tasks', 'write:tasks'],
      config: { model },
      assignment: { title: 'Paint the door', instructions: orders(task), pageIds: [open], taskIds: [task] },
    });

    // It asks, and waits for a person.
    await page.goto(`${stack.url}/approvals`);
    const question = page.getByRole('region', { name: /Which colour\?/ });
    await expect(question).toContainText(`${name} at work`, { timeout: WORK_DEADLINE_MS });
    await picture(page, `real-work-${type}-1-asks`);
    await question.getByRole('button', { name: 'green' }).click();

    // It reports, and what it has done is there.
    await page.goto(`${stack.url}/agents/${agent}`);
    await expect
      .poll(() => assignment(agent), { timeout: WORK_DEADLINE_MS })
      .toMatchObject({ state: 'done', summary: 'green', result: 'The door is painted.', progress: 100 });
    expect(await got(`tasks/${task}`)).toMatchObject({ status: 'done', title: `Paint the door (${name})` });

    // What it was told last was the page; what it may not read it was never told.
    const screen = rows(page);
    const show = page.getByRole('button', { name: 'Show Terminal' });
    await expect(show.or(page.getByTestId('terminal'))).toBeVisible();
    if (await show.isVisible()) await show.click();
    await expect
      .poll(async () => (await screen.innerText()).replace(/\s+/g, ''), { timeout: WORK_DEADLINE_MS })
      .toContain('lantern-7');
    expect(await screen.innerText()).not.toContain('secret-9');
    await picture(page, `real-work-${type}-2-done`);
    const told = await calls(agent);
    for (const call of [
      'page_get · refused',
      'task_update · done',
      'question_ask · done',
      'question_get · done',
      'page_get · done',
    ])
      expect(told).toContainEqual(expect.stringMatching(`^${call}`));
    await sent('POST', `parallax-agents/${agent}/stop`, {});
  });
}

/** What its model is to do, one call after another. */
function orders(task: string): string {
  const call = (tool: string, given: object) => `tool:${tool} ${JSON.stringify(given)}`;
  return [
    call('page_get', { pageId: closed }),
    call('task_update', { taskId: task, status: 'in_progress' }),
    call('question_ask', { question: 'Which colour?', options: ['red', 'green'], waitSeconds: 20 }),
    call('question_get', { questionId: '$qst', waitSeconds: 20 }),
    call('task_complete', { taskId: task }),
    call('assignment_report', {
      assignmentId: '$asg',
      state: 'done',
      // What it heard from the person who was asked.
      summary: '$answer:',
      result: 'The door is painted.',
      progress: 100,
    }),
    call('page_get', { pageId: open }),
  ].join('\n');
}

async function sent(method: string, path: string, data: object): Promise<unknown> {
  const answer = await page.request.fetch(`${stack.url}/api/${path}`, {
    method,
    headers: { origin: stack.url },
    data,
  });
  expect(answer.ok(), `${path}: ${await answer.text()}`).toBe(true);
  return answer.json();
}

/** Makes something; answers its id. */
async function made(path: string, data: object): Promise<string> {
  return ((await sent('POST', path, data)) as { id: string }).id;
}

async function spawned(data: object): Promise<string> {
  const { spawnedAgents } = (await sent('POST', 'parallax-agents/spawn', data)) as {
    spawnedAgents: { id: string }[];
  };
  return spawnedAgents[0]?.id ?? '';
}

async function got(path: string): Promise<unknown> {
  return (await page.request.get(`${stack.url}/api/${path}`)).json();
}

async function assignment(agent: string): Promise<unknown> {
  return ((await got(`agents/${agent}/assignments`)) as { items: unknown[] }).items[0];
}

/** The feed's words on each call of a tool by the agent. */
async function calls(agent: string): Promise<string[]> {
  const { items } = (await got(`activity?kind=tool_called&agentId=${agent}&limit=200`)) as {
    items: { detail: string }[];
  };
  return items.map(({ detail }) => detail);
}
