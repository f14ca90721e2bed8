/**
 * A control plane with an agent from outside, for clients that are not ours.
 *
 * Owns how an agent comes by its key. Must not know the clients.
 */
import { createServer, request } from 'node:http';
import { once } from 'node:events';

import { Raven } from '../guide/raven.mjs';

/** What an agent may do unless a test says otherwise: everything. */
export const EVERYTHING = [
  'read:pages',
  'read:tasks',
  'read:projects',
  'read:memory',
  'read:spaces',
  'write:pages',
  'write:tasks',
  'write:memory',
  'write:comments',
  'delete:pages',
  'delete:tasks',
  'assign:tasks',
  'delegate:agents',
];

/** Raven without a runtime, and agents that were let in by an invite. */
export class Place {
  static async start() {
    const place = new Place();
    place.raven = await Raven.start({ runtime: false });
    place.url = new URL('/mcp', place.raven.url);
    return place;
  }

  /** Lets an agent in; answers its id and its key. */
  async agent(name, permissions = EVERYTHING) {
    const invite = { name: `for ${name}`, permissions };
    const { token } = await this.raven.call('POST', '/api/parallax-agents/invites', invite);
    const newcomer = { inviteToken: token, agentId: `${name}-1`, agentName: name };
    const { agent, mcpApiKey } = await this.raven.call('POST', '/api/parallax-agents/register', newcomer);
    return { id: agent.id, key: mcpApiKey };
  }

  /** Gives an agent other permissions. */
  permit(id, permissions) {
    return this.raven.call('POST', `/api/parallax-agents/${id}/permissions`, { permissions });
  }

  async stop() {
    await this.raven?.stop();
  }
}

/** A proxy that shows an agent's key with every request, for clients that cannot be told one. */
export class Keyed {
  static async before(url, key) {
    const proxy = new Keyed();
    proxy.server = createServer((incoming, outgoing) => forward(url, key, incoming, outgoing));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    proxy.url = `http://127.0.0.1:${proxy.server.address().port}${url.pathname}`;
    return proxy;
  }

  async stop() {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function forward(url, key, incoming, outgoing) {
  const own = `127.0.0.1:${incoming.socket.localPort}`;
  const headers = { ...incoming.headers, authorization: `Bearer ${key}` };
  // What was said to the proxy is said to the server; what was said to somebody else stays so.
  if (headers.host === own || headers.host === own.replace('127.0.0.1', 'localhost')) headers.host = url.host;
  if (headers.origin?.endsWith(`:${incoming.socket.localPort}`)) headers.origin = url.origin;
  const { hostname, port, pathname: path } = url;
  const onward = request({ hostname, port, path, method: incoming.method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers).flushHeaders();
    answer.pipe(outgoing);
  });
  onward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
