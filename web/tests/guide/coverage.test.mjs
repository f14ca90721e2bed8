/**
 * Every snippet of the guide is either run by a test here or known to be for later.
 *
 * Owns that list, so that a change of the guide cannot go unnoticed. Must not run any snippet.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { read, snippets } from './snippets.mjs';

/** Run by the tests beside this file: a text that only this snippet contains. */
const RUN = [
  'raven-runtime start --port 9000',
  '/api/parallax-agents/spawn',
  'pty.onData(',
  "socket.on('agent:started'",
  "socket.on('agent:login_required'",
  "socket.on('agent:ready'",
  "socket.on('agent:stopped'",
  "socket.on('agent:error'",
  "const termSocket = io('/terminal')",
  'runtimeWs.send(',
];

/** What the guide promises and the product does not do yet. */
const LATER = [
  'npm install -g @raven-docs/agent-runtime',
  'pip install raven-agent-runtime',
  'raven-runtime start \\\n  --anthropic-key',
  "socket.on('agent:access_requested'",
];

test('every snippet is run or known to be for later', () => {
  const unknown = snippets.filter(({ code }) => ![...RUN, ...LATER].some((text) => code.includes(text)));
  assert.deepEqual(unknown, []);
  for (const text of [...RUN, ...LATER]) {
    assert.equal(snippets.filter(({ code }) => code.includes(text)).length, 1, text);
  }
});

test('blocks are read with their language, and an open end is told', () => {
  const blocks = read('a\n```bash\nx\ny\n```\n```\nno language\n```\n');
  assert.deepEqual(blocks, [{ language: 'bash', line: 2, code: 'x\ny' }]);
  assert.throws(() => read('```bash\nx'), /line 1/);
});
