/**
 * Owns the proof that an empty machine gets to a working agent through the pages alone, with the real programs. Must
 * not know their screens, nor call the API. `cargo xtask test --agents` runs it: it installs from the network.
 */
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test, type BrowserContext, type Locator, type Page } from '@playwright/test';

import { picture, setUp } from './pages';
import { Program, Stack } from './programs';

/** The suite of real agents, which also serves the providers that its agents talk to. */
const STUB = process.env.RAVEN_STUB_BIN ?? '';

// The largest has 700 MB, from a registry that may be busy.
const INSTALL_DEADLINE_MS = 10 * 60_000;
// A program's first start, and its first turn: some try addresses first that are not there.
const PROGRAM_DEADLINE_MS = 60_000;

// A card that says the same for so long says what stands on the screen.
const SETTLED_MS = 1_500;

interface Subject {
  type: string;
  name: string;
  provider: string;
  /** What its user writes who has to go by a proxy: where it looks for its provider. */
  override: (stub: string) => string;
  model?: string;
}

const address = (variable: string, value: string) =>
  `[[program.variables]]\nname = "${variable}"\nvalue = "${value}"\n`;

const SUBJECTS: Subject[] = [
  {
    type: 'claude-code',
    name: 'Claude Code',
    provider: 'Anthropic',
    override: (stub) => address('ANTHROPIC_BASE_URL', stub),
  },
  {
    type: 'codex',
    name: 'Codex',
    provider: 'OpenAI',
    override: (stub) => address('OPENAI_BASE_URL', `${stub}/v1`),
    model: 'stub-model',
  },
  {
    type: 'gemini-cli',
    name: 'Gemini CLI',
    provider: 'Google Gemini',
    override: (stub) => address('GOOGLE_GEMINI_BASE_URL', stub),
  },
  {
    type: 'aider',
    name: 'Aider',
    provider: 'OpenAI',
    override: (stub) =>
      `${address('OPENAI_API_BASE', `${stub}/v1`)}\n[[program.arguments]]\nadd = ["--edit-format", "diff"]\n`,
    model: 'openai/gpt-4o',
  },
];

let home: string;
let stub: Program;
let stack: Stack;
let context: BrowserContext;
let page: Page;

/** What installers need to reach their registries from here; everything else of a machine is new. */
function ofTheNetwork(): Record<string, string> {
  const isWanted = (name: string) =>
    /^(npm_config_|pip_|pyenv_|node_extra|ssl_|https?_proxy$|no_proxy$)/i.test(name);
  const found = Object.entries(process.env).filter(([name]) => isWanted(name));
  return Object.fromEntries(found.map(([name, value]) => [name, value ?? '']));
}

test.beforeAll(async ({ browser }) => {
  home = await mkdtemp(join(tmpdir(), 'raven-home-'));
  stub = await Program.start(STUB, ['stub', '0'], { url: /^(http:\S+)/ });
  const override = async (runtimeFolder: string) => {
    await mkdir(join(runtimeFolder, 'kinds'), { recursive: true, mode: 0o700 });
    for (const { type, override } of SUBJECTS) {
      const file = join(runtimeFolder, 'kinds', `${type}.toml`);
      await writeFile(file, `type = "${type}"\n${override(stub.fact('url'))}`);
    }
  };
  stack = await Stack.start(override, { ...ofTheNetwork(), HOME: home });
  context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  page = await context.newPage();
  await setUp(page, stack.url, stack.docs.fact('code'));
});

test.afterAll(async () => {
  await context?.close();
  await stack?.stop();
  await stub?.stop();
  if (home) await rm(home, { recursive: true, force: true });
});

const header = () => page.getByRole('main');
const isReady = () =>
  expect(header().getByText('Ready', { exact: true })).toBeVisible({ timeout: PROGRAM_DEADLINE_MS });

for (const subject of SUBJECTS) {
  test.describe(subject.type, () => {
    test.describe.configure({ mode: 'serial' });
    const { type, name, provider } = subject;
    const agent = `${name} one`;
    const shot = (step: string) => picture(page, `real-${type}-${step}`);
    let workFolder = '';

    test('is installed by a click', async () => {
      test.setTimeout(INSTALL_DEADLINE_MS + 60_000);
      await page.goto(`${stack.url}/settings/agents`);
      const kind = kindRow(name);
      await expect(kind).toContainText('Missing');
      await kind.scrollIntoViewIfNeeded();
      await shot('1-missing');
      const began = Date.now();
      await kind.getByRole('button', { name: `Install ${name}` }).click();
      await expect(kind.getByText(/^Installing \d/)).toBeVisible();
      await shot('2-installing');
      await expect(kind).toContainText('Installed', { timeout: INSTALL_DEADLINE_MS });
      took(`${type} is installed`, began);
      await expect(kind).toContainText('tested');
      await expect(kind).toContainText('Needs a key or login');
      await shot('3-installed');
    });

    test('is given a key where it is missing, is spawned, and becomes ready', async () => {
      await page.goto(`${stack.url}/agents?spawn=1`);
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('radio', { name }).click();
      const form = dialog.getByLabel(`${provider} API key`);
      if (!(await form.isVisible()))
        await choose(dialog.getByRole('combobox', { name: 'Provider' }), provider);
      await form.scrollIntoViewIfNeeded();
      await shot('4-key');
      await form.fill(`stub-key-${type}-0123456789abcdefghij`);
      await form.press('Enter');
      await expect(dialog.getByText('Has a key').first()).toBeVisible();
      await expect(form).toBeHidden();
      await dialog.getByLabel('Name').fill(agent);
      if (subject.model) await dialog.getByLabel('Model').fill(subject.model);
      await dialog.getByLabel('Name').scrollIntoViewIfNeeded();
      await shot('5-spawn');
      const began = Date.now();
      await dialog.getByRole('button', { name: 'Spawn', exact: true }).click();
      await expect(dialog).toBeHidden();
      await page.getByRole('link', { name: agent, exact: true }).click();
      await isReady();
      took(`${type} is ready`, began);
      await showTerminal();
      await shot('6-ready');
    });

    test('answers a message', async () => {
      const began = Date.now();
      await say(agent, 'say:hello');
      await expect(page.getByTestId('terminal').locator('.xterm-rows')).toContainText('I say hello', {
        timeout: PROGRAM_DEADLINE_MS,
      });
      await isReady();
      took(`${type} has answered`, began);
      await shot('7-answered');
    });

    test('asks before it runs a command, and runs it once it may', async () => {
      workFolder = await detail('Working folder');
      await page.getByRole('tab', { name: 'Terminal' }).click();
      await say(agent, 'run:touch made-by-it');
      const card = page.getByRole('region', { name: `It asks for permission: ${agent}` });
      await expect(card).toContainText('touch made-by-it', { timeout: PROGRAM_DEADLINE_MS });
      await shot('8-permission');
      await hasSettled(card);
      await expect(made(workFolder)).resolves.toBe(false);
      await card.getByRole('group', { name: 'Answers' }).getByRole('button').first().click();
      await expect.poll(() => made(workFolder), { timeout: PROGRAM_DEADLINE_MS }).toBe(true);
      await shot('9-allowed');
      await declineWhatElseItAsks(agent);
      await isReady();
    });

    test('tells what it has used', async () => {
      await expect.poll(() => detail('Tokens sent'), { timeout: PROGRAM_DEADLINE_MS }).toMatch(/^[\d.]+k/);
      await shot('10-details');
      await page.getByRole('tab', { name: 'Terminal' }).click();
    });

    test('is stopped, and its key deleted', async () => {
      await page.getByRole('button', { name: `Stop ${agent}` }).click();
      await expect(page.getByText('This agent has stopped')).toBeVisible({ timeout: PROGRAM_DEADLINE_MS });
      await shot('11-stopped');
      await page.goto(`${stack.url}/settings/agents`);
      const held = page
        .getByRole('region', { name: 'Provider keys' })
        .getByRole('listitem', { name: provider });
      await held.getByRole('button', { name: `Delete the key of ${provider}` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
      await expect(held).toContainText('none');
      await expect(kindRow(name)).toContainText('Needs a key or login');
    });
  });
}

function kindRow(name: string): Locator {
  return page.getByRole('region', { name: 'Agent kinds' }).getByRole('listitem', { name, exact: true });
}

/** It is left as it was for the agent before. */
async function showTerminal(): Promise<void> {
  const show = page.getByRole('button', { name: 'Show Terminal' });
  await expect(show.or(page.getByTestId('terminal'))).toBeVisible();
  if (await show.isVisible()) await show.click();
  await expect(page.getByTestId('terminal')).toBeVisible();
}

async function choose(select: Locator, option: string): Promise<void> {
  await select.click();
  await page.getByRole('option', { name: option }).click();
}

async function say(agent: string, text: string): Promise<void> {
  const box = page.getByLabel(`Message to ${agent}`);
  await box.fill(text);
  await box.press('Enter');
  await expect(box).toHaveValue('');
}

/** A row of the details, which are left open. */
async function detail(label: string): Promise<string> {
  await page.getByRole('tab', { name: 'Details' }).click();
  const row = page.getByRole('row', { name: new RegExp(`^${label}`) });
  return (await row.getByRole('cell').first().innerText()).trim();
}

function made(folder: string): Promise<boolean> {
  return access(join(folder, 'made-by-it')).then(
    () => true,
    () => false,
  );
}

/** Pictures of other widths make a program draw its question anew, and what is asked then is asked anew. */
async function hasSettled(card: Locator): Promise<void> {
  let last = '';
  const isSame = async () => {
    const before = last;
    last = await card.innerText();
    return last === before;
  };
  await expect.poll(isSame, { intervals: [SETTLED_MS] }).toBe(true);
}

/** Some ask more once a command ran, such as whether its output shall go to the model. */
async function declineWhatElseItAsks(agent: string): Promise<void> {
  const asks = page.getByRole('region', { name: new RegExp(`^It asks .*: ${agent}$`) });
  const ready = header().getByText('Ready', { exact: true });
  await expect(ready.or(asks)).toBeVisible({ timeout: PROGRAM_DEADLINE_MS });
  if (await asks.isVisible()) await asks.getByRole('button', { name: /^\d?\s*No/ }).click();
}

/** Stands in the report: how long a person waits. */
function took(what: string, began: number): void {
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  test.info().annotations.push({ type: 'took', description: `${what} after ${seconds} s` });
  process.stdout.write(`      ${what} after ${seconds} s\n`);
}
