/**
 * The results as a page: `docs/benchmarks.md`.
 *
 * Owns the wording. Must not know how anything is measured.
 */
import { furtherViewer, growth, judged, plain } from './bars.mjs';
import { MEANINGS } from './meanings.mjs';
import { CAUSES } from './missed.mjs';
import { auditKind } from './products/gateway.mjs';
import { products } from './products/all.mjs';

const NONE = '–';

/** The highest load average of a machine on which nothing else runs. */
const AT_REST = 0.7;

/** A figure with as many digits as say something. */
function figure(value) {
  if (!Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function table(heads, lines) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...lines.map(line)].join('\n');
}

/** The page. */
export function report(results) {
  const bars = judged(results);
  return (
    [
      '# Benchmarks',
      intro(results),
      '## The bars',
      barsTable(bars),
      '## Beside the peers',
      peersTable(results),
      ...(results.rows['one-viewer'] ? ['## Where the processor time goes', partsTable(results)] : []),
      ...(results.rows.knowledge ? ['## The knowledge base, question by question', knowledgeTable(results)] : []),
      ...(results.rows['late-join'] ? ['## Late join, scenario by scenario', joinTable(results)] : []),
      '## What each row means',
      MEANINGS.trim(),
      '## Missed bars, and other notes',
      notes(results, bars),
      '## How to reproduce',
      'On Debian as root, or with Node.js 20, Python 3, tmux, vim and less installed: `cargo xtask bench`. It builds optimised ' +
        'programs, installs the peers that `bench/package-lock.json` and `bench/requirements.txt` pin into `target/bench`, uses ' +
        'PostgreSQL when it is installed, stays on the loopback interface, and writes this page. `--only ROW` measures one ' +
        'row, `--quick` tries everything out with small floods; both only print. Let nothing else run meanwhile.',
    ].join('\n\n') + '\n'
  );
}

function intro({ date, load, machine, versions, quick, seconds }) {
  return (
    `Made by \`cargo xtask bench\`; do not edit. ${date}, in one run of ${Math.round(seconds / 60)} minutes on one machine: ` +
    `${machine.processors}, ${machine.memory}, Linux ${machine.kernel}. Clients, programs and servers share its processors. ` +
    'Only ratios within one run are firm; figures are medians of three or more.' +
    (quick ? ' **A quick run: its figures say nothing.**' : '') +
    (load > AT_REST
      ? ` **The machine was not at rest (load ${figure(load)} before it began): figures are noise.**`
      : '') +
    `\n\nRaven ${versions.raven}; Node.js ${versions.node}, Python ${versions.python}, tmux ${versions.tmux}, ` +
    `${versions.postgres ? `PostgreSQL ${versions.postgres}` : 'no PostgreSQL'}; ${versions.packages.join(', ')}.`
  );
}

function barsTable(bars) {
  const lines = bars.map(({ text, unit, limit, sense, value, met, show }) => {
    const shown = show ?? ((number) => `${figure(number)} ${unit}`);
    const verdict = value === null ? 'not measured' : met ? 'met' : '**missed**';
    const asked = show ? shown(limit) : `${sense} ${limit} ${unit}`;
    return [text, asked, value === null ? NONE : shown(value), verdict];
  });
  return table(['bar', 'asked', 'Raven', ''], lines);
}

/** Rows of the peers' table: a name, and what it shows of a result; a product without a result has none. */
const PEER_ROWS = [
  ['one-viewer', '1 viewer, MiB/s', (one) => shownRate(one)],
  [
    'one-viewer',
    '… until all of it is durable in the audit',
    (one) => (one.audited ? figure(one.audited) : NONE),
  ],
  ['one-viewer', 'CPU, s/GiB', (one) => figure(one.cpu)],
  ['ten-viewers', '10 viewers, MiB/s each', (ten) => shownRate(ten)],
  [
    'ten-viewers',
    '… CPU of each further one, s/GiB',
    (ten, one) => (one ? figure(furtherViewer(one, ten)) : NONE),
  ],
  ['echo', 'echo idle, p50 / p99 ms', ({ idle }) => `${figure(idle.p50)} / ${figure(idle.p99)}`],
  ['echo', 'echo while another floods, p50 / p99 / longest ms', ({ flooded }) => floodedEcho(flooded)],
  ['idle', 'idle session with viewer, KiB', ({ perSession }) => shownMemory(sum(perSession))],
  ['idle', 'programs with one session, MiB', ({ rest }) => figure(sum(rest) / 1024)],
  ['idle', 'CPU with 81 idle sessions, %', ({ cpu }) => figure(sum(cpu))],
  ['stuck', 'growth by a stuck viewer, MiB', (stuck) => `${figure(growth(stuck) / 1024)} of ${stuck.mib}`],
  [
    'stuck',
    "the other viewer's pace then",
    (stuck) => (stuck.stuck.error ? 'stalled' : `${figure(100 * stuck.kept)} %`),
  ],
  ['late-join', 'late join right', ({ right, of }) => `${right} of ${of}`],
  ['spawn', 'spawn to first byte, p50 ms', ({ p50 }) => figure(p50)],
];

const sum = (parts) => Object.values(parts).reduce((total, part) => total + part, 0);

/** MiB/s shown; with its share when a product does not show everything. */
function shownRate({ rate, delivered }) {
  return delivered > 0.995 ? figure(rate) : `${figure(rate)}, shows ${Math.round(100 * delivered)} %`;
}

/** A collector of garbage may give back more than the sessions took. */
const shownMemory = (kib) => (kib > 0 ? figure(kib) : 'below its noise');

function floodedEcho({ keys, p50, p99, max }) {
  return keys ? `${figure(p50)} / ${figure(p99)} / ${figure(max)}` : 'none within 10 s';
}

function peersTable(results) {
  const raw = plain(results);
  const names = Object.keys(products).filter((name) => Object.values(results.rows).some((row) => row[name]));
  const lines = PEER_ROWS.filter(([row]) => results.rows[row]).map(([row, text, show]) => [
    text,
    ...names.map((name) => {
      const result = results.rows[row][name];
      if (!result) return NONE;
      return result.error ? 'failed' : show(result, results.rows['one-viewer']?.[name]);
    }),
  ]);
  const reader =
    `The plain read of a terminal, by a small program that does nothing else: ${figure(raw.rate)} MiB/s ` +
    `(${raw.rates.map((rate) => Math.round(rate)).join(', ')}), ${figure(raw.cpu)} CPU s/GiB; ` +
    `a program's own start ${figure(raw.start)} ms.`;
  return `${table(['', ...names.map((name) => products[name].label)], lines)}\n\n${reader}`;
}

/** CPU seconds per GiB by process, with one viewer and with ten. */
function partsTable(results) {
  const lines = [];
  for (const row of ['one-viewer', 'ten-viewers']) {
    for (const [name, result] of Object.entries(results.rows[row] ?? {})) {
      if (result.error) continue;
      const parts = Object.entries(result.parts).map(([part, cpu]) => `${part} ${figure(cpu)}`);
      const client = `${Math.round(100 * result.client)} %`;
      lines.push([row, products[name].label, parts.join(', '), client, figure(result.repaints)]);
    }
  }
  return table(['row', 'product', 'CPU s/GiB', 'our client, of one processor', 'repaints'], lines);
}

function joinTable(results) {
  const lines = [];
  for (const [name, result] of Object.entries(results.rows['late-join'])) {
    for (const [scenario, one] of Object.entries(result.scenarios ?? {})) {
      const verdict = one.right ? 'right' : `wrong: ${one.why}`;
      const modes = one.modes?.length ? `; modes differ: ${one.modes.join(', ')}` : '';
      const scrollback = one.scrollback === undefined ? NONE : `${one.scrollback}`;
      const bytes = Number.isFinite(one.bytes) ? `${one.bytes}` : NONE;
      lines.push([
        products[name].label,
        scenario,
        verdict + modes,
        bytes,
        scrollback,
        figure(one.firstByteMs),
      ]);
    }
  }
  return table(
    ['product', 'scenario', 'cell for cell', 'bytes', 'lines of scrollback', 'first byte, ms'],
    lines,
  );
}

/** How long each question to the knowledge base takes over HTTP. */
function knowledgeTable({ rows }) {
  const knowledge = rows.knowledge.raven;
  if (knowledge.error) return `It failed: ${knowledge.error}`;
  const lines = Object.entries(knowledge.results).map(([name, { p50, p99, max }]) => [
    name,
    ...[p50, p99, max].map(figure),
  ]);
  const filled = `${knowledge.pages} pages and ${knowledge.tasks} tasks, made over HTTP in ${figure(knowledge.fillSeconds)} s; each question asked ${knowledge.asked} times.`;
  return `${table(['question', 'p50, ms', 'p99, ms', 'longest, ms'], lines)}\n\n${filled}`;
}

function notes(results, bars) {
  const missed = bars.filter(({ met, value }) => !met && value !== null);
  const told = missed.map(({ id, text }) => `- **${text}**: ${CAUSES[id] ?? 'not explained yet.'}`);
  const unmeasured = bars.filter(({ value }) => value === null).map(({ text }) => `- Not measured: ${text}.`);
  const failed = Object.entries(results.rows).flatMap(([row, byProduct]) =>
    Object.entries(byProduct)
      .filter(([, result]) => result.error)
      .map(([name, result]) => `- ${products[name].label} failed in ${row}: ${result.error}`),
  );
  const { recording } = Object.fromEntries(
    Object.entries(results.rows).map(([row, all]) => [row, all.raven]),
  );
  const lag = recording?.asked
    ? [
        `- Durable lag: p50 ${figure(recording.lagP50)}, p99 ${figure(recording.lagP99)}, longest ${figure(recording.lagMax)} ms in ${recording.asked} looks.`,
      ]
    : [];
  const all = [
    ...told,
    ...unmeasured,
    ...failed,
    ...lag,
    `- The Node gateway's audit goes to ${auditKind()}.`,
  ];
  return all.join('\n');
}
