/** Owns the automated check of accessibility over the main screens, in both themes. Must not know what the screens do. */
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Page } from '@playwright/test';

import { setUp, spawnAgent } from './pages';
import { Stack } from './programs';
import { asked, closeAll, newWindow } from './writing';

test.describe.configure({ mode: 'serial' });

let stack: Stack;
const windows: Page[] = [];
let ada: Page;
const ids = { agent: '', page: '', task: '' };

test.beforeAll(async ({ browser }) => {
  stack = await Stack.start();
  ada = await newWindow(browser, windows);
  await setUp(ada, stack.url, stack.docs.fact('code'));
  ids.agent = await spawnAgent(ada, stack.url, 'Scout', ['cat']);
  const make = async (path: string, data: object) =>
    (await asked<{ id: string }>(ada, stack.url, 'POST', `/api/${path}`, data)).id;
  const spaceId = await make('spaces', { name: 'Engineering' });
  const content =
    '# What holds\n\nSee [the plan](plan), `code` and\n\n- [ ] one\n- [x] two\n\n| a | b |\n|---|---|\n| 1 | 2 |';
  ids.page = await make('pages', { spaceId, title: 'Handbook', content });
  const task = { title: 'Check the links', priority: 'urgent', dueDate: '2024-01-02', pageIds: [ids.page] };
  ids.task = await make('tasks', task);
  await make('comments', { taskId: ids.task, content: 'Which ones?' });
  await make(`agents/${ids.agent}/assignments`, { title: 'Look at the plan', instructions: 'Read it.' });
});

test.afterAll(async () => {
  await closeAll(windows);
  await stack?.stop();
});

interface Screen {
  path: () => string;
  /** What is there once all of it is. */
  ready: (page: Page) => ReturnType<Page['locator']>;
  before?: (page: Page) => Promise<void>;
}

const heading = (name: string) => (page: Page) => page.getByRole('heading', { name, exact: true }).first();

const SCREENS: Record<string, Screen> = {
  agents: { path: () => '/agents', ready: (page) => page.getByRole('article', { name: 'Scout' }) },
  spawn: { path: () => '/agents?spawn=1', ready: (page) => page.getByRole('dialog').getByLabel('Name') },
  agent: { path: () => `/agents/${ids.agent}`, ready: heading('Scout') },
  terminal: {
    path: () => `/agents/${ids.agent}?terminal=1`,
    ready: (page) => page.getByTestId('terminal-size'),
  },
  work: { path: () => `/agents/${ids.agent}/work`, ready: (page) => page.getByText('Look at the plan') },
  permissions: {
    path: () => `/agents/${ids.agent}/permissions`,
    ready: (page) => page.getByRole('table').first(),
  },
  approvals: { path: () => '/approvals', ready: heading('Approvals') },
  activity: { path: () => '/activity', ready: (page) => page.getByText('Agent spawned').first() },
  pages: { path: () => '/pages', ready: (page) => page.getByRole('treeitem', { name: 'Handbook' }) },
  page: { path: () => `/pages/${ids.page}`, ready: heading('What holds') },
  editor: {
    path: () => `/pages/${ids.page}/edit`,
    ready: (page) => page.getByRole('textbox', { name: 'Text in Markdown' }),
  },
  board: { path: () => '/tasks', ready: (page) => page.getByRole('link', { name: /Check the links/ }) },
  list: {
    path: () => '/tasks?view=list',
    ready: (page) => page.getByRole('row', { name: /Check the links/ }),
  },
  task: { path: () => `/tasks/${ids.task}`, ready: (page) => page.getByText('Which ones?') },
  search: {
    path: () => '/search?q=handbook',
    ready: (page) => page.getByRole('main').getByText('Handbook').first(),
  },
  palette: {
    path: () => '/agents',
    before: (page) => page.keyboard.press('Control+k'),
    ready: (page) => page.getByRole('dialog').getByText('Scout').first(),
  },
  'agent settings': { path: () => '/settings/agents', ready: heading('Agent Runtime Hosting') },
  members: { path: () => '/settings/members', ready: (page) => page.getByText('ada@example.com').last() },
  tokens: {
    path: () => '/settings/tokens',
    ready: (page) => page.getByRole('main').getByRole('button').first(),
  },
  audit: { path: () => '/settings/audit', ready: (page) => page.getByRole('table').first() },
};

for (const colorScheme of ['light', 'dark'] as const) {
  for (const [name, screen] of Object.entries(SCREENS)) {
    test(`${name}, ${colorScheme}: nothing serious is found`, async () => {
      await ada.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await ada.goto(stack.url + screen.path());
      if (screen.before) {
        await expect(ada.getByRole('article', { name: 'Scout' })).toBeVisible();
        await screen.before(ada);
      }
      await expect(screen.ready(ada)).toBeVisible();
      const { violations } = await new AxeBuilder({ page: ada }).analyze();
      const found = violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .flatMap(({ id, nodes }) =>
          nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
        );
      expect(found).toEqual([]);
    });
  }
}
