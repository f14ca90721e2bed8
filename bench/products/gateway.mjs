/**
 * The usual Node gateway (see `peers/gateway.mjs`), with its audit in PostgreSQL where that is installed.
 *
 * Owns starting its processes and its protocol. Must not know what is measured.
 */
import { mkdtempSync, readdirSync, rmSync, chownSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BENCH, need } from '../packages.mjs';
import { output, Server } from '../processes.mjs';
import { Viewer } from '../viewer.mjs';

const { io } = need('socket.io-client');

const DEBIAN = '/usr/lib/postgresql';

/** The folder of the newest PostgreSQL's programs, if there is one. */
export function postgres() {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).sort((a, b) => b - a) : [];
  return versions
    .map((version) => join(DEBIAN, version, 'bin'))
    .find((bin) => existsSync(join(bin, 'initdb')));
}

/** What the audit is written to, for the report. */
export const auditKind = () => (postgres() ? 'PostgreSQL, one INSERT a chunk' : 'a file, one line a chunk');

export async function start({ corpus, audit = true }) {
  const folder = mkdtempSync(join(tmpdir(), 'raven-bench-gateway-'));
  const servers = [];
  let database = 'none';
  if (audit) {
    const bin = postgres();
    database = bin ? await startPostgres(bin, folder, servers) : `file:${join(folder, 'audit.jsonl')}`;
  }
  const runtime = new Server(process.execPath, [`${BENCH}peers/gateway-runtime.mjs`, corpus]);
  servers.push(runtime);
  const [, upstream] = await runtime.says(/listening on (\S+)/);
  const gateway = new Server(process.execPath, [`${BENCH}peers/gateway.mjs`, upstream, database]);
  servers.push(gateway);
  const [, url] = await gateway.says(/listening on (\S+)/);
  return {
    info: { url },
    parts: () => ({
      gateway: gateway.pids(),
      runtime: runtime.pids(),
      ...(audit && postgres() ? { database: servers[0].pids() } : {}),
    }),
    stop: async () => {
      for (const server of servers.reverse()) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** PostgreSQL as it comes, durable commits included, on a unix socket; it refuses to run as root. */
async function startPostgres(bin, folder, servers) {
  const as = process.getuid() === 0 ? await somebody() : {};
  if (as.uid) chownSync(folder, as.uid, as.gid);
  const data = join(folder, 'data');
  const flags = ['--auth=trust', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8', '-U', 'bench', '-D', data];
  await output(join(bin, 'initdb'), flags, { ...as, cwd: folder });
  const server = new Server(join(bin, 'postgres'), ['-D', data, '-k', folder, '-h', ''], {
    ...as,
    cwd: folder,
  });
  servers.push(server);
  await server.says(/ready to accept connections/);
  return `postgres://bench@/postgres?host=${encodeURIComponent(folder)}`;
}

async function somebody() {
  const name = (await output('getent', ['passwd', 'postgres']).catch(() => '')) ? 'postgres' : 'nobody';
  const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => output('id', [flag, name])));
  return { uid: Number(uid), gid: Number(gid) };
}

let sessions = 0;

export function connect(info) {
  const sockets = [];
  const spare = [];

  const socket = () => {
    const made = io(`${info.url}/terminal`, {
      reconnection: false,
      forceNew: true,
      transports: ['websocket'],
    });
    sockets.push(made);
    return new Promise((resolve, reject) => {
      made.on('connect', () => resolve(made)).on('connect_error', reject);
    });
  };

  const session = (program) => {
    const id = `${process.pid}-${sessions++}`;
    return {
      view: async () => {
        const made = spare.pop() ?? (await socket());
        const viewer = new Viewer({
          write: (text) => made.emit('input', text),
          stall: () => made.io.engine.transport.ws._socket.pause(),
          resume: () => made.io.engine.transport.ws._socket.resume(),
          close: () => made.disconnect(),
        });
        made.on('data', (text) => viewer.take(text));
        await made.emitWithAck('attach', { program, id });
        return viewer;
      },
      /** Bytes of output that are in the audit. */
      audited: async () => Number(await (await fetch(`${info.url}/audited/${id}`)).text()),
    };
  };

  return {
    open: async (program) => session(program),
    openMany: async (program, count) => Array.from({ length: count }, () => session(program)),
    warm: async () => spare.push(await socket()),
    close: () => sockets.forEach((made) => made.disconnect()),
  };
}
