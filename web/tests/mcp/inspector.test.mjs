/**
 * MCP Inspector's command line against the real server.
 *
 * Owns that what somebody tries first, when a server does not do what they expect, works. Must not know tools.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { finished } from '../guide/program.mjs';
import { Place } from './place.mjs';

const INSPECTOR = fileURLToPath(
  new URL(
    '../../node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js',
    import.meta.url,
  ),
);

let place, key, home;
before(async () => {
  place = await Place.start();
  ({ key } = await place.agent('Inspector'));
  home = mkdtempSync(join(tmpdir(), 'raven-inspector-'));
});
after(async () => {
  await place?.stop();
  if (home) rmSync(home, { recursive: true, force: true });
});

/** Runs a method, and answers what it prints. */
async function inspect(...args) {
  const server = [place.url.href, '--transport', 'http', '--header', `Authorization: Bearer ${key}`];
  const env = { ...process.env, HOME: home };
  const { code, out, err } = await finished('node', [INSPECTOR, '--cli', ...server, ...args], {
    env,
    cwd: home,
  });
  assert.equal(code, 0, `${args.join(' ')}: ${out}\n${err}`);
  return JSON.parse(out);
}

test('it lists tools whose schemas are fit for every client', async () => {
  const { tools } = await inspect('--method', 'tools/list', '--strict');
  assert.ok(tools.some(({ name }) => name === 'agent_profile'));
});

test('it calls a tool with arguments', async () => {
  const call = [
    '--method',
    'tools/call',
    '--tool-name',
    'tool_search',
    '--tool-arg',
    'query=approval',
    'limit=1',
  ];
  const { structuredContent } = await inspect(...call);
  assert.equal(structuredContent.tools[0].name, 'approval_request');
});

test('it lists prompts, resources and templates', async () => {
  assert.ok((await inspect('--method', 'prompts/list')).prompts.length > 0);
  assert.ok(Array.isArray((await inspect('--method', 'resources/list')).resources));
  const { resourceTemplates } = await inspect('--method', 'resources/templates/list');
  assert.ok(resourceTemplates.some(({ uriTemplate }) => uriTemplate === 'raven://page/{pageId}'));
});
