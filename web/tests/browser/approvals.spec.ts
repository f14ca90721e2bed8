/** Owns deciding together: one asks, another decides, both see it; questions, prompts and policies. Must not know what is done then. */
import { expect, test, type Browser, type BrowserContext, type Page } from '@playwright/test';

import { adding } from './kinds';
import { login, picture, setUp } from './pages';
import { Stack } from './programs';

test.describe.configure({ mode: 'serial' });

const ADMIN = { email: 'ann@example.com', name: 'Ann', password: 'another good password', role: 'admin' };
const MEMBER = { email: 'mel@example.com', name: 'Mel', password: 'yet another good one', role: 'member' };

let stack: Stack;
let contexts: BrowserContext[] = [];
/** Ada owns the workspace and the agent; Ann is an admin of it, Mel a member. */
let ada: Page;
let ann: Page;
let mel: Page;
let asker: string;

async function person(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: 'reduce', colorScheme: 'light' });
  contexts.push(context);
  return context.newPage();
}

const waiting = (page: Page) => page.getByRole('list', { name: 'Waiting', exact: true });
const item = (page: Page, name: string) => page.getByRole('region', { name, exact: true });
const rail = (page: Page) =>
  page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: /^Approvals/ });

/** Gives the agent a message, as its owner. */
async function tell(message: string): Promise<void> {
  const answer = await ada.request.post(`${stack.url}/api/parallax-agents/${asker}/send`, {
    headers: { origin: stack.url },
    data: { message, queue: true },
  });
  expect(answer.status(), await answer.text()).toBe(202);
}

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start(adding('asker'));
  ada = await person(browser);
  await setUp(ada, stack.url, stack.docs.fact('code'));
  await stack.addPerson(ADMIN);
  await stack.addPerson(MEMBER);
  const answer = await ada.request.post(`${stack.url}/api/parallax-agents/spawn`, {
    headers: { origin: stack.url },
    data: { agentType: 'asker', name: 'Scout', permissions: ['read:pages', 'delegate:agents'] },
  });
  expect(answer.status(), await answer.text()).toBe(201);
  const { spawnedAgents } = (await answer.json()) as { spawnedAgents: { id: string }[] };
  asker = spawnedAgents[0]?.id ?? '';
  [ann, mel] = [await person(browser), await person(browser)];
  await login(ann, stack.url, ADMIN);
  await login(mel, stack.url, MEMBER);
});

test.afterAll(async () => {
  for (const context of contexts) await context.close();
  contexts = [];
  await stack?.stop();
});

test('an agent’s spawn waits in the queue of all, and only another than its owner may decide', async () => {
  await ada.goto(`${stack.url}/approvals`);
  await expect(ada.getByText('Nothing waits for you')).toBeVisible();
  await picture(ada, 'approvals-empty');
  await ann.goto(`${stack.url}/approvals`);
  await tell('spawn Helper');
  for (const page of [ada, ann]) {
    await expect(item(page, 'Spawn an agent custom as “Helper”')).toBeVisible();
    await expect(rail(page)).toContainText('1');
  }
  const own = item(ada, 'Spawn an agent custom as “Helper”');
  await expect(own).toContainText('the agent that asks is yours');
  await expect(own.getByRole('button', { name: 'Approve' })).toBeDisabled();
  await expect(own).toContainText(/1[345]:\d\d left/);
  await picture(ada, 'approvals-own');
  await picture(ann, 'approvals-to-decide');
});

test('it is approved by key, and the decision is seen everywhere', async () => {
  await ann.keyboard.press('j');
  await expect(item(ann, 'Spawn an agent custom as “Helper”')).toBeFocused();
  await ann.keyboard.press('a');
  for (const page of [ada, ann]) await expect(item(page, 'Spawn an agent custom as “Helper”')).toHaveCount(0);
  await ada.getByText('Decided', { exact: true }).click();
  const done = item(ada, 'Spawn an agent custom as “Helper”');
  await expect(done).toContainText('Approved and done');
  await expect(done).toContainText('Approved by Ann');
  await picture(ada, 'approvals-decided');
  await done.getByRole('link', { name: 'Helper' }).click();
  await expect(ada.getByRole('heading', { name: 'Helper' })).toBeVisible();
});

test('a request stands where the agent’s work is shown, and is rejected by key with a reason', async () => {
  await tell('beg drop the old tables');
  await ada.goto(`${stack.url}/agents/${asker}/terminal?terminal=1`);
  const card = item(ada, 'drop the old tables');
  await expect(card).toContainText('It would help me along.');
  await expect(ada.getByTestId('terminal-size')).not.toHaveText('80×24');
  await picture(ada, 'agent-waiting');
  await ann.goto(`${stack.url}/approvals`);
  await expect(item(ann, 'drop the old tables')).toBeVisible();
  await ann.keyboard.press('j');
  await ann.keyboard.press('r');
  await ann.getByLabel('Why not?').fill('They are in use.');
  await picture(ann, 'approvals-reject');
  await ann.getByLabel('Why not?').press('Enter');
  await expect(card).toHaveCount(0);
  await expect(ada.getByTestId('terminal')).toContainText('approved: False, reason: They are in use.');
});

test('a question is answered by one of its options, and the agent goes on', async () => {
  await tell('ask Which colour?');
  const question = item(mel, 'Which colour?');
  await mel.goto(`${stack.url}/approvals`);
  await expect(question).toBeVisible();
  await expect(item(ann, 'Which colour?')).toBeVisible();
  await picture(mel, 'approvals-question');
  await question.getByRole('button', { name: 'blue' }).click();
  for (const page of [ann, mel]) await expect(item(page, 'Which colour?')).toHaveCount(0);
  await expect(ada.getByTestId('terminal')).toContainText('answer: blue');
});

test('what its program asks stands in the same queue', async () => {
  await tell('permit make clean');
  const prompt = item(mel, 'Scout');
  await expect(prompt).toContainText('make clean');
  await picture(mel, 'approvals-prompt');
  await prompt.getByRole('button', { name: /Yes/ }).click();
  await expect(item(mel, 'Scout')).toHaveCount(0);
  await expect(ada.getByTestId('terminal')).toContainText('chosen: 1');
});

test('a policy asks for the spawns of people too, and what one asked oneself somebody else decides', async () => {
  await ann.goto(`${stack.url}/settings/policies`);
  const policies = ann.getByRole('region', { name: 'Policies' });
  await policies.getByRole('button', { name: 'Add rule' }).click();
  await policies.getByLabel('Action', { exact: true }).fill('spawn');
  await ann.keyboard.press('Tab');
  await policies.getByRole('button', { name: 'Save policy' }).click();
  await expect(policies.getByRole('alert')).toContainText('must be one of agent.spawn');
  await policies.getByLabel('Action', { exact: true }).fill('agent.spawn');
  await ann.keyboard.press('Tab');
  await picture(ann, 'settings-policies');
  await policies.getByRole('button', { name: 'Save policy' }).click();
  await expect(ann.getByText('Policy saved')).toBeVisible();

  await mel.goto(`${stack.url}/agents?spawn=1`);
  const dialog = mel.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Second');
  await dialog.getByRole('button', { name: 'Spawn', exact: true }).click();
  await mel.getByRole('link', { name: 'See the request' }).click();
  const own = item(mel, 'Spawn an agent custom as “Second”');
  await expect(own.getByRole('button', { name: 'Approve' })).toBeDisabled();
  await ada.goto(`${stack.url}/approvals`);
  await expect(item(ada, 'Spawn an agent custom as “Second”')).toBeVisible();
  await ada.keyboard.press('Control+k');
  await ada.getByPlaceholder(/^Go to a page/).fill('approve');
  await ada.getByRole('button', { name: /Approve: Spawn an agent custom as “Second”/ }).click();
  // Who followed a link to it sees what became of it.
  await expect(own).toContainText('Approved and done');
  await expect(waiting(ada).getByRole('region')).toHaveCount(0);
});
