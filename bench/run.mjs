/**
 * The whole bench: every row for every product, one after the other, then the report. `cargo xtask bench` starts it.
 *
 * Owns the order, the time limits and the results' file. Must not know how anything is measured or shown.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { prepare } from './corpus.mjs';
import { machine } from './machine.mjs';
import { BENCH, PLACE } from './packages.mjs';
import { products } from './products/all.mjs';
import { report } from './report.mjs';
import { rows } from './rows/all.mjs';
import { sizes } from './rows/flood.mjs';
import { output } from './processes.mjs';

/** How long one row of one product may take, unless it says so, in seconds; then it is ended and counts as failed. */
const LIMIT = 100;

/** Where a whole run's report goes. */
const REPORT = join(BENCH, '../docs/benchmarks.md');

/** Floods of the plain reader, each time. */
const RAW_RUNS = 3;

const { values: given } = parseArgs({
  options: {
    bin: { type: 'string' },
    'raw-pty': { type: 'string' },
    profile: { type: 'string' },
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
  },
});

const unknown = given.only?.find((name) => !rows[name]);
if (unknown) throw new Error(`no row ${unknown}; there are: ${Object.keys(rows).join(', ')}`);

const chosen = Object.keys(rows).filter((name) => !given.only || given.only.includes(name));
const options = { bin: given.bin, quick: given.quick };
options.corpus = prepare(join(PLACE, 'corpus'), sizes(given.quick));
const began = performance.now();
const results = { ...(await machine(given.profile)), quick: given.quick, rows: {} };

results.raw = [await raw()];
for (const row of chosen) {
  results.rows[row] = {};
  for (const product of rows[row].products) results.rows[row][product] = await measured(row, product);
}
results.raw.push(await raw());
results.seconds = (performance.now() - began) / 1000;

writeFileSync(join(PLACE, 'results.json'), JSON.stringify(results, null, 1));
const text = report(results);
const whole = !given.only && !given.quick && given.profile === 'release';
writeFileSync(whole ? REPORT : join(PLACE, 'benchmarks.md'), text);
console.log(text);
console.error(
  `${Math.round(results.seconds)} s; ${whole ? 'docs' : 'target/bench'}/benchmarks.md was written`,
);

/** The plain reader of terminals, before and after everything else: how steady the machine is. */
async function raw() {
  const size = Math.max(...sizes(given.quick));
  const runs = ['raw-pty', `${BENCH}program.sh`, options.corpus, `live-${size}.bin`, `${RAW_RUNS}`];
  return JSON.parse(await output(given['raw-pty'], runs));
}

/** Measures one row of one product in a process of its own. */
function measured(row, product) {
  const begin = performance.now();
  process.stderr.write(`${row.padEnd(12)} ${products[product].label.padEnd(24)}`);
  // Told to end first, because then it ends what it has started.
  const limit = ['-k', '20', `${rows[row].limit ?? LIMIT}`, process.execPath, `${BENCH}measure.mjs`];
  const child = spawn('timeout', [...limit, row, product, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err = (err + text).slice(-4000)));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const line = out.trim().split('\n').at(-1);
      const result = line ? JSON.parse(line) : { error: `no result (${code})` };
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      process.stderr.write(`${seconds.padStart(6)} s ${result.error ? `FAILED: ${result.error}` : 'ok'}\n`);
      if (result.error) process.stderr.write(`${err}\n`);
      resolve(result);
    });
  });
}
