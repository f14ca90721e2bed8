/**
 * The guide's browser snippets in a page of the server, with the cookie of a login and nothing else.
 *
 * Owns these promises of the guide. Must not know the web UI: its pages have tests of their own.
 */
import { readFileSync } from 'node:fs';

import { expect, test } from '@playwright/test';

import { OWNER, Raven } from '../guide/raven.mjs';
import { snippet } from '../guide/snippets.mjs';

const CONNECT = snippet('typescript', "const termSocket = io('/terminal')");
const READY = snippet('typescript', "socket.on('agent:ready'");

/** The official client as it is served to pages. */
const CLIENT = readFileSync(
  new URL('../../node_modules/socket.io-client/dist/socket.io.min.js', import.meta.url),
  'utf8',
);

let raven;
test.beforeAll(async () => {
  raven = await Raven.start();
});
test.afterAll(() => raven?.stop());

/** A page of the server, with the client loaded; logged in or not. */
async function open(page, { loggedIn }) {
  await page.goto(raven.url);
  if (loggedIn) {
    const status = await page.evaluate(async (body) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch('/api/auth/login', { method: 'POST', headers, body: JSON.stringify(body) });
      return answer.status;
    }, OWNER);
    expect(status).toBe(200);
  }
  await page.evaluate(`${CLIENT}; undefined`);
}

/** Runs the snippet in the page, with the guide's ids standing for these. */
function connect(page, ids) {
  return page.evaluate(`(() => {
    const seen = (window.seen = { said: [], text: '', refused: null });
    const real = { 'agent-123': ${JSON.stringify(ids.agent)}, 'session-456': ${JSON.stringify(ids.session)} };
    const mapped = (body) =>
      Object.fromEntries(Object.entries(body).map(([name, value]) => [name, real[value] ?? value]));
    const io = (namespace) => {
      const socket = window.io(namespace, { reconnection: false });
      const emit = socket.emit.bind(socket);
      socket.emit = (event, body) => emit(event, event === 'attach' ? mapped(body) : body);
      socket.on('connect_error', (error) => (seen.refused = error.message));
      return socket;
    };
    const xterm = {
      write: (output) => (seen.text += output),
      onData: (type) => (window.type = type),
      onResize: (resize) => (window.resize = resize),
    };
    const console = { log: (text) => seen.said.push(text) };
    const showLoginUrl = (url) => seen.said.push(url);
    ${CONNECT}
  })()`);
}

const seen = (page) => page.evaluate(() => window.seen);

test('the terminal snippet attaches, types, sees the answer and resizes', async ({ page }) => {
  const agent = await raven.shell();
  await open(page, { loggedIn: true });
  await connect(page, { agent: agent.id, session: agent.session.id });
  const attached = `Attached to session ${agent.session.id}`;
  await expect.poll(async () => (await seen(page)).said.filter((text) => text === attached).length).toBe(2);
  await page.evaluate(() => window.type('echo "$((6 * 7)) is the answer"\r'));
  await expect.poll(async () => (await seen(page)).text).toContain('42 is the answer');
  await page.evaluate(() => {
    window.resize({ cols: 91, rows: 17 });
    window.type('stty size\r');
  });
  await expect.poll(async () => (await seen(page)).text).toContain('17 91');
});

test('the event snippets hear of the workspace', async ({ page }) => {
  await open(page, { loggedIn: true });
  await page.evaluate(`(() => {
    const seen = (window.seen = { said: [], connected: false });
    const socket = window.io({ reconnection: false });
    socket.on('connect', () => (seen.connected = true));
    const console = { log: (text) => seen.said.push(text) };
    const updateAgentStatus = (id, status) => seen.said.push(id + ' ' + status);
    ${READY}
  })()`);
  await expect.poll(async () => (await seen(page)).connected).toBe(true);
  const agent = await raven.shell();
  await expect.poll(async () => (await seen(page)).said).toContain(`${agent.id} ready`);
});

test('without a login the snippet is refused', async ({ page }) => {
  await open(page, { loggedIn: false });
  await connect(page, { agent: 'agent-123', session: 'session-456' });
  await expect.poll(async () => (await seen(page)).refused).toBe('UNAUTHENTICATED');
});
