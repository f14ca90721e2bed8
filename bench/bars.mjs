/**
 * The bars that Raven is held to, each with where its figure is in the results.
 *
 * Owns the limits. Must not know how figures are measured or shown.
 */
import { median } from './processes.mjs';

/** KiB of a MiB, for figures that are kept in KiB. */
const MIB = 1024;

/** The plain reader's figures in the middle of all its runs. */
export function plain(results) {
  const runs = results.raw.flatMap((raw) => raw.runs);
  return {
    rate: median(runs.map((run) => run.rate)),
    cpu: median(runs.map((run) => run.cpu)),
    start: median(results.raw.flatMap((raw) => raw.starts)),
    rates: runs.map((run) => run.rate),
  };
}

/** CPU seconds for a GiB to each viewer after the first. */
export const furtherViewer = (one, ten) => (ten.cpu - one.cpu) / (ten.viewers - 1);

/** What a stuck viewer made the whole product grow by, in KiB. */
export const growth = (stuck) => Object.values(stuck.growth).reduce((sum, kib) => sum + kib, 0);

/** Bytes that a late viewer got, without the scrollback's share: the most of all scenarios that have none. */
const screenBytes = (join) =>
  Math.max(
    ...Object.values(join.scenarios)
      .filter((one) => !(one.scrollback > 100))
      .map((one) => one.bytes),
  );

const firstByte = (join) => Math.max(...Object.values(join.scenarios).map((one) => one.firstByteMs));

const atMost = (limit) => ({ limit, sense: '≤', met: (value) => value <= limit });
const atLeast = (limit) => ({ limit, sense: '≥', met: (value) => value >= limit });

/** The longest p99 of the questions to the knowledge base whose names begin so. */
const slowest = (knowledge, ...begins) =>
  Math.max(
    ...Object.entries(knowledge.results)
      .filter(([name]) => begins.some((begin) => name.startsWith(begin)))
      .map(([, { p99 }]) => p99),
  );

/** Each bar: which row it belongs to, in words, its unit, and how its figure is read from Raven's results. */
export const BARS = [
  {
    row: 'one-viewer',
    id: 'pace-raw',
    text: '1 viewer, share of the plain read',
    unit: '%',
    value: ({ one, raw }) => (100 * one.rate) / raw.rate,
    ...atLeast(60),
  },
  {
    row: 'one-viewer',
    id: 'pace-gateway',
    text: '1 viewer, times the Node gateway',
    unit: '×',
    value: ({ one, results }) => one.rate / results.rows['one-viewer'].gateway.rate,
    ...atLeast(2.5),
  },
  {
    row: 'one-viewer',
    id: 'cpu',
    text: 'CPU with a screen model that is current',
    unit: 's/GiB',
    value: ({ one }) => one.cpu,
    ...atMost(35),
  },
  {
    row: 'one-viewer',
    id: 'host-memory',
    text: "a host's own memory after a flood, its screen and 1,000 lines included",
    unit: 'MiB',
    value: ({ one }) => one.memory.hosts / MIB,
    ...atMost(3),
  },
  {
    row: 'recording',
    id: 'identical',
    text: 'recording byte for byte what the program wrote',
    unit: '',
    value: ({ recording }) => Number(recording.identical),
    show: (value) => (value ? 'yes' : 'no'),
    ...atLeast(1),
  },
  {
    row: 'recording',
    id: 'lag',
    text: 'durable lag at full flood, p99',
    unit: 'ms',
    value: ({ recording }) => recording.lagP99,
    ...atMost(100),
  },
  {
    row: 'ten-viewers',
    id: 'ten-pace',
    text: '10 viewers, each',
    unit: 'MiB/s',
    value: ({ ten }) => ten.rate,
    ...atLeast(25),
  },
  {
    row: 'ten-viewers',
    id: 'ten-cpu',
    text: 'CPU of each further viewer',
    unit: 's/GiB',
    value: ({ one, ten }) => furtherViewer(one, ten),
    ...atMost(2.5),
  },
  {
    row: 'echo',
    id: 'echo-p50',
    text: 'echo, idle, p50',
    unit: 'ms',
    value: ({ echo }) => echo.idle.p50,
    ...atMost(0.5),
  },
  {
    row: 'echo',
    id: 'echo-p99',
    text: 'echo, idle, p99',
    unit: 'ms',
    value: ({ echo }) => echo.idle.p99,
    ...atMost(3),
  },
  {
    row: 'echo',
    id: 'echo-flood-p99',
    text: 'echo while another session floods, p99',
    unit: 'ms',
    value: ({ echo }) => echo.flooded.p99,
    ...atMost(10),
  },
  {
    row: 'echo',
    id: 'echo-flood-max',
    text: 'echo while another session floods, longest',
    unit: 'ms',
    value: ({ echo }) => echo.flooded.max,
    ...atMost(50),
  },
  ...['control plane', 'daemon'].map((part) => ({
    row: 'idle',
    id: `idle-${part}`,
    text: `${part}, for each idle session with a viewer`,
    unit: 'KiB',
    value: ({ idle }) => idle.perSession[part],
    ...atMost(64),
  })),
  {
    row: 'idle',
    id: 'idle-host',
    text: "an idle host's own memory",
    unit: 'MiB',
    value: ({ idle }) => idle.perSession.hosts / MIB,
    ...atMost(3),
  },
  {
    row: 'idle',
    id: 'rest',
    text: 'the larger program at rest',
    unit: 'MiB',
    value: ({ idle }) => Math.max(idle.rest['control plane'], idle.rest.daemon) / MIB,
    ...atMost(25),
  },
  {
    row: 'idle',
    id: 'idle-cpu',
    text: 'CPU of the busier program, idle, with all those sessions',
    unit: '%',
    value: ({ idle }) => Math.max(idle.cpu['control plane'], idle.cpu.daemon),
    ...atMost(0.1),
  },
  {
    row: 'stuck',
    id: 'growth',
    text: 'growth by a stuck viewer',
    unit: 'MiB',
    value: ({ stuck }) => growth(stuck) / MIB,
    ...atMost(1),
  },
  {
    row: 'stuck',
    id: 'kept',
    text: "the other viewer's pace, of what it was",
    unit: '%',
    value: ({ stuck }) => 100 * stuck.kept,
    ...atLeast(90),
  },
  {
    row: 'late-join',
    id: 'right',
    text: 'late join right',
    unit: 'of 5',
    value: ({ join }) => join.right,
    ...atLeast(5),
  },
  {
    row: 'late-join',
    id: 'bytes',
    text: 'late join, most bytes for a screen',
    unit: 'KB',
    value: ({ join }) => screenBytes(join) / 1000,
    ...atMost(16.4),
  },
  {
    row: 'late-join',
    id: 'first-byte',
    text: 'late join, longest wait for the first byte',
    unit: 'ms',
    value: ({ join }) => firstByte(join),
    ...atMost(20),
  },
  {
    row: 'spawn',
    id: 'spawn',
    text: "spawn to first byte, beyond the program's own start, p50",
    unit: 'ms',
    value: ({ spawn, raw }) => spawn.p50 - raw.start,
    ...atMost(15),
  },
  {
    row: 'knowledge',
    id: 'search',
    text: '10,000 pages and 10,000 tasks: slowest kind of search, agents included, p99',
    unit: 'ms',
    value: ({ knowledge }) => slowest(knowledge, 'search', 'suggestions'),
    ...atMost(100),
  },
  {
    row: 'knowledge',
    id: 'lists',
    text: '… slowest list or page, p99',
    unit: 'ms',
    value: ({ knowledge }) => slowest(knowledge, 'list', 'recent', 'one page'),
    ...atMost(50),
  },
  {
    row: 'knowledge',
    id: 'tree',
    text: '… slowest look into the tree, p99',
    unit: 'ms',
    value: ({ knowledge }) => slowest(knowledge, 'tree'),
    ...atMost(50),
  },
  {
    row: 'knowledge',
    id: 'writes',
    text: '… slowest write of a page, p99',
    unit: 'ms',
    value: ({ knowledge }) => slowest(knowledge, 'write'),
    ...atMost(100),
  },
];

/** Every bar with Raven's figure: null where its row was not measured, or failed. */
export function judged(results) {
  const of = (row) => results.rows[row]?.raven;
  const given = {
    results,
    raw: plain(results),
    one: of('one-viewer'),
    ten: of('ten-viewers'),
    echo: of('echo'),
    idle: of('idle'),
    stuck: of('stuck'),
    join: of('late-join'),
    recording: of('recording'),
    spawn: of('spawn'),
    knowledge: of('knowledge'),
  };
  return BARS.filter((bar) => results.rows[bar.row]).map((bar) => {
    let value = null;
    try {
      value = bar.value(given);
    } catch {
      // Its row, or another that it compares with, has no result.
    }
    const known = Number.isFinite(value);
    return { ...bar, value: known ? value : null, met: known && bar.met(value) };
  });
}
