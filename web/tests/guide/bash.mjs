/**
 * Runs the guide's shell snippets, unchanged, against programs on other ports than the guide's.
 *
 * Owns the stand-in for `curl` that puts our address in the place of the guide's. Must not know the tests.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { finished } from './program.mjs';

/** What the guide writes where a reader puts his own. */
export const PLACEHOLDERS = { address: 'https://your-raven-instance.com', token: 'YOUR_TOKEN' };

/** A folder for the search path whose `curl` maps words of its arguments, and says its status on standard error. */
export function curlFolder(folder, replace) {
  const bin = join(folder, 'curl-bin');
  mkdirSync(bin, { recursive: true });
  const lines = Object.entries(replace).map(([from, to]) => `  arg=\${arg//${quote(from)}/${quote(to)}}`);
  const script = [
    '#!/usr/bin/env bash',
    'mapped=()',
    'for arg in "$@"; do',
    ...lines,
    '  mapped+=("$arg")',
    'done',
    `PATH=\${PATH#*:} exec curl --silent --max-time 30 --write-out '%{stderr}%{http_code}' "\${mapped[@]}"`,
  ];
  writeFileSync(join(bin, 'curl'), `${script.join('\n')}\n`, { mode: 0o755 });
  return bin;
}

/** Runs a snippet whose `curl` is the one of `curlFolder`: `{status, body}`. */
export async function curl(code, bin) {
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const { code: exit, out, err } = await finished('bash', ['-c', code], { env });
  if (exit !== 0) throw new Error(`curl failed with ${exit}: ${err}`);
  return { status: Number(err), body: JSON.parse(out) };
}

function quote(word) {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
