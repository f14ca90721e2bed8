/**
 * On what is measured: the machine, and the version of everything that takes part.
 *
 * Owns asking. Must not know results.
 */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';

import { BENCH, PLACE } from './packages.mjs';
import { output } from './processes.mjs';
import { postgres } from './products/gateway.mjs';

/** Answers `{date, load, machine, versions}`; the load is that of before. */
export async function machine(profile) {
  const first = async (command, ...args) => {
    const said = await output(command, args, { cwd: BENCH }).catch(() => '');
    return said.trim().split('\n')[0];
  };
  const bin = postgres();
  const pinned = JSON.parse(readFileSync(`${BENCH}package.json`, 'utf8')).dependencies;
  const python = readFileSync(`${BENCH}requirements.txt`, 'utf8').trim().replaceAll('==', ' ').split('\n');
  return {
    date: new Date().toISOString().slice(0, 10),
    load: loadavg()[0],
    machine: {
      processors: `${cpus().length} × ${cpus()[0].model.trim()}`,
      memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
      kernel: release().split('-')[0],
    },
    versions: {
      raven: `${await first('git', 'rev-parse', '--short', 'HEAD')}, ${profile}`,
      node: process.version.slice(1),
      python: (await first(join(PLACE, 'venv/bin/python'), '--version')).replace('Python ', ''),
      tmux: (await first('tmux', '-V')).replace('tmux ', ''),
      postgres: bin ? (await first(join(bin, 'postgres'), '--version')).replace(/^.*\) /, '') : null,
      packages: [...Object.entries(pinned).map(([name, version]) => `${name} ${version}`), ...python],
    },
  };
}
