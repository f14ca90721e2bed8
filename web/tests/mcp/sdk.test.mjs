/**
 * The official TypeScript SDK against the real server: the client of the revisions with sessions, and the one of
 * 2026-07-28.
 *
 * Owns what agents built on it can rely on. Must not know how the server does it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Client as Modern, StreamableHTTPClientTransport as ModernWire } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

import { until } from '../guide/facts.mjs';
import { Place } from './place.mjs';

const ME = { name: 'proof', version: '1' };

let place;
before(async () => (place = await Place.start()));
after(async () => place?.stop());

const withKey = (key) => ({ requestInit: { headers: { authorization: `Bearer ${key}` } } });

/** Both clients, each with what only it can tell of its connection. */
const KINDS = {
  'with a session': {
    async connect(key) {
      const client = new Client(ME);
      const wire = new StreamableHTTPClientTransport(place.url, withKey(key));
      await client.connect(wire);
      return { client, wire };
    },
    async onToolsChanged({ client }, tell) {
      client.setNotificationHandler(ToolListChangedNotificationSchema, tell);
    },
    isOfItsKind: ({ wire }) => assert.match(wire.sessionId ?? '', /\S/),
  },
  'without sessions': {
    async connect(key) {
      const client = new Modern(ME, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      const wire = new ModernWire(place.url, withKey(key));
      await client.connect(wire);
      return { client, wire };
    },
    async onToolsChanged({ client }, tell) {
      client.setNotificationHandler('notifications/tools/list_changed', tell);
      await client.listen({ toolsListChanged: true });
    },
    isOfItsKind: ({ wire }) => assert.equal(wire.sessionId, undefined),
  },
};

for (const [kind, { connect, onToolsChanged, isOfItsKind }] of Object.entries(KINDS)) {
  describe(kind, () => {
    let agent, connected;
    before(async () => {
      agent = await place.agent(kind.replaceAll(' ', '-'));
      connected = await connect(agent.key);
    });
    after(async () => connected?.client.close());

    test('tools are listed with schemas, and answer by them', async () => {
      isOfItsKind(connected);
      const { client } = connected;
      assert.equal(client.getServerVersion().name, 'raven');
      const { tools } = await client.listTools();
      const profile = tools.find(({ name }) => name === 'agent_profile');
      assert.deepEqual([profile.title, profile.annotations.readOnlyHint], ['Your profile', true]);
      // The client checks what is answered against the schema of the tool.
      const { structuredContent } = await client.callTool({ name: 'agent_profile', arguments: {} });
      assert.equal(structuredContent.id, agent.id);
      const found = await client.callTool({ name: 'tool_search', arguments: { query: 'ask a person' } });
      assert.equal(found.structuredContent.tools[0].name, 'question_ask');
    });

    test('errors keep their codes, and name the argument', async () => {
      const { client } = connected;
      const refused = client.callTool({ name: 'question_ask', arguments: { question: 'Why?', speed: 9 } });
      await assert.rejects(refused, ({ code, message, data }) => {
        assert.deepEqual([code, data.argument], [-32602, 'speed']);
        return message.includes('speed');
      });
      await assert.rejects(client.callTool({ name: 'no_such_tool', arguments: {} }), { code: -32602 });
    });

    test('prompts are listed and filled in', async () => {
      const { client } = connected;
      const { prompts } = await client.listPrompts();
      assert.ok(prompts.some(({ name }) => name === 'begin_assignment'));
      const asked = await client.getPrompt({ name: 'ask_person', arguments: { question: 'Blue or red?' } });
      assert.match(asked.messages[0].content.text, /Blue or red\?/);
    });

    test('pages are read as resources and by tools, and a closed one by neither', async () => {
      const { client } = connected;
      const space = await place.raven.call('POST', '/api/spaces', { name: `Space ${kind}` });
      const page = (title, more) =>
        place.raven.call('POST', '/api/pages', {
          spaceId: space.id,
          title,
          content: `About ${title}`,
          ...more,
        });
      const [open, closed] = [await page('Open'), await page('Closed', { agentAccessible: false })];
      const { resources } = await client.listResources();
      const uris = resources.map(({ uri }) => uri);
      assert.ok(uris.includes(`raven://page/${open.id}`) && !uris.includes(`raven://page/${closed.id}`));
      const { contents } = await client.readResource({ uri: `raven://page/${open.id}` });
      assert.equal(contents[0].text, 'About Open');
      const read = (pageId) => client.callTool({ name: 'page_get', arguments: { pageId } });
      assert.equal((await read(open.id)).structuredContent.content, 'About Open');
      await assert.rejects(read(closed.id), { code: -32003 });
      await assert.rejects(client.readResource({ uri: `raven://page/${closed.id}` }), { code: -32003 });
    });

    test('a wait is told of, and ends with its answer', async () => {
      const { client } = connected;
      const told = [];
      const call = { name: 'question_ask', arguments: { question: `Which, ${kind}?`, waitSeconds: 50 } };
      const answered = client.callTool(call, ...progress(kind, (progress) => told.push(progress)));
      await until('progress of a wait', () => told.length > 0);
      const { items } = await place.raven.get(`/api/questions?agentId=${agent.id}`);
      await place.raven.call('POST', `/api/questions/${items[0].id}/answer`, { answer: 'This one' });
      assert.equal((await answered).structuredContent.answer, 'This one');
      assert.ok(told[0].progress >= 1, JSON.stringify(told));
    });

    test('a change of permissions changes the list of tools, and is told', async () => {
      const { client } = connected;
      let heard = 0;
      await onToolsChanged(connected, () => (heard += 1));
      const names = async () => (await client.listTools()).tools.map(({ name }) => name);
      assert.ok((await names()).includes('agent_spawn'));
      await place.permit(agent.id, ['read:pages']);
      await until('word of the change', () => heard > 0);
      assert.ok(!(await names()).includes('agent_spawn'));
    });
  });
}

/** How each client is asked to tell of progress. */
function progress(kind, onprogress) {
  return kind === 'with a session' ? [undefined, { onprogress }] : [{ onprogress }];
}

test('a client that leaves ends its session, and nobody can go on with it', async () => {
  const { connect } = KINDS['with a session'];
  const agent = await place.agent('Leaver');
  const { client, wire } = await connect(agent.key);
  const id = wire.sessionId;
  await wire.terminateSession();
  await client.close();
  const headers = {
    authorization: `Bearer ${agent.key}`,
    'mcp-session-id': id,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' });
  const answer = await fetch(place.url, { method: 'POST', headers, body });
  assert.equal(answer.status, 404);
});

test('a client that tries the newest first finds it, and one that is held to the older finds those', async () => {
  const { key } = await place.agent('Chooser');
  for (const [mode, revision] of [
    ['auto', '2026-07-28'],
    ['legacy', '2025-11-25'],
  ]) {
    const client = new Modern(ME, { versionNegotiation: { mode } });
    await client.connect(new ModernWire(place.url, withKey(key)));
    assert.equal(client.getNegotiatedProtocolVersion(), revision);
    await client.close();
  }
});
