/**
 * The official conformance suite against the real server, by the requirements of each revision.
 *
 * Owns the comparison with conformance.json, where every scenario is one that passes or one that does not apply, with
 * the reason. Must not know what the scenarios do.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { finished } from '../guide/program.mjs';
import { Keyed, Place } from './place.mjs';

const SUITE = fileURLToPath(
  new URL('../../node_modules/@modelcontextprotocol/conformance/dist/index.js', import.meta.url),
);
const OLDER_NODE = fileURLToPath(new URL('older-node.mjs', import.meta.url));
const EXPECTED = JSON.parse(readFileSync(new URL('conformance.json', import.meta.url), 'utf8'));

let place, proxy, results;
before(async () => {
  place = await Place.start();
  proxy = await Keyed.before(place.url, (await place.agent('Inspector')).key);
  results = mkdtempSync(join(tmpdir(), 'raven-conformance-'));
});
after(async () => {
  await proxy?.stop();
  await place?.stop();
  if (results) rmSync(results, { recursive: true, force: true });
});

/** The checks of a scenario that failed; its own name when none was made. */
function failures(folder, scenario) {
  const checks = JSON.parse(readFileSync(join(folder, 'checks.json'), 'utf8'));
  const failed = checks.filter(({ status }) => status === 'FAILURE');
  const succeeded = checks.some(({ status }) => status === 'SUCCESS');
  return failed.length > 0 || succeeded ? failed.map(({ id }) => id) : [scenario];
}

for (const [revision, { passes, passesBut = {}, doesNotApply }] of Object.entries(EXPECTED.revisions)) {
  test(`the requirements of ${revision} are met as far as they apply`, async () => {
    const folder = join(results, revision);
    const args = ['server', '--url', proxy.url, '--requirements', revision, '--output-dir', folder];
    const { out, err } = await finished('node', ['--import', OLDER_NODE, SUITE, ...args], { cwd: results });
    const seen = Object.fromEntries(
      readdirSync(folder).map((name) => {
        const scenario = name.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, '');
        return [scenario, failures(join(folder, name), scenario).sort()];
      }),
    );
    const why = () => `${JSON.stringify(seen, null, 1)}\n${out.slice(-4000)}\n${err.slice(-2000)}`;
    const passing = Object.keys(seen).filter((scenario) => seen[scenario].length === 0);
    assert.deepEqual(passing.sort(), [...passes].sort(), why());
    for (const [scenario, checks] of Object.entries(passesBut)) {
      assert.deepEqual(seen[scenario], Object.keys(checks).sort(), scenario);
    }
    const failing = Object.keys(seen).filter((scenario) => seen[scenario].length > 0);
    const listed = [...Object.keys(passesBut), ...Object.keys(doesNotApply)];
    assert.deepEqual(failing.sort(), listed.sort(), why());
  });
}

test('the suite that runs is the one that is named', () => {
  const about = new URL('../../node_modules/@modelcontextprotocol/conformance/package.json', import.meta.url);
  const { name, version } = JSON.parse(readFileSync(about, 'utf8'));
  assert.equal(`${name} ${version}`, EXPECTED.suite);
});
