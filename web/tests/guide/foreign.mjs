/**
 * A runtime that is no program of ours, as somebody would write it who has only read the guide.
 *
 * Owns its answers to the control plane. Must not know what it is spawned for: `onSpawn` gets each agent.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';

/** Where its terminals are said to be: somewhere that the control plane cannot dial, so that it must dial in. */
export const TERMINALS = 'wss://runtime.example.com/terminal';

/** Listens on a free port; `spawned` holds what it was asked for, `url` where it is. */
export class ForeignRuntime {
  spawned = [];

  static async start() {
    const runtime = new ForeignRuntime();
    runtime.server = createServer((request, response) => {
      runtime.#answer(request).then(({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(body));
      });
    });
    runtime.server.listen(0, '127.0.0.1');
    await once(runtime.server, 'listening');
    runtime.url = `http://127.0.0.1:${runtime.server.address().port}`;
    return runtime;
  }

  async #answer(request) {
    const body = await text(request);
    if (request.url === '/api/health') {
      return { status: 200, body: { status: 'ok', version: '0.0.1', activeAgents: this.spawned.length } };
    }
    if (request.method === 'POST' && request.url === '/api/spawn') {
      return { status: 201, body: { agents: this.#spawn(JSON.parse(body)) } };
    }
    return { status: 404, body: { title: 'Not found' } };
  }

  #spawn({ agentType, agentIds, name, callbackUrl, callbackToken }) {
    return agentIds.map((id) => {
      const agent = { id, name: name ?? id, type: agentType, status: 'starting' };
      const session = { runtimeSessionId: `pty-${id}`, runtimeEndpoint: TERMINALS };
      this.spawned.push({ ...agent, ...session, callbackUrl, callbackToken });
      return { ...agent, ...session };
    });
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

async function text(request) {
  let all = '';
  for await (const piece of request.setEncoding('utf8')) all += piece;
  return all;
}
