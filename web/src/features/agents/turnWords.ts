/** Owns how a turn and what was used are worded. Must not know React. */
import type { Turn, Usage } from '../../api/doing';
import { span } from '../../parts/time';
import { texts } from '../../texts';

const words = texts.turn;

/** `Turn took 12 s`, and what became of it. */
export function turnWords(turn: Turn | null | undefined, now: number): string {
  if (!turn) return '';
  const length = (until: number) => span(until - Date.parse(turn.startedAt));
  if (turn.error) return words.failed(turn.error);
  return turn.endedAt ? words.took(length(Date.parse(turn.endedAt))) : words.running(length(now));
}

/** Tokens as a person reads them: `812`, `14.2k`, `3.1M`. */
export function tokens(count: number): string {
  if (count < 1000) return String(count);
  const [value, unit] = count < 999_500 ? [count / 1000, 'k'] : [count / 1_000_000, 'M'];
  return `${value >= 100 ? Math.round(value) : value.toFixed(1)}${unit}`;
}

/** Millionths of a dollar; small sums keep the digits that say something. */
export function dollars(microUsd: number): string {
  const value = microUsd / 1_000_000;
  return `$${value >= 0.01 || value === 0 ? value.toFixed(2) : value.toFixed(4)}`;
}

/** What it cost, and who says so; nothing where that is not known. */
export function costWords(usage: Usage | null | undefined): string | undefined {
  const cost = usage?.costMicroUsd;
  if (typeof cost !== 'number') return undefined;
  return usage?.costIsEstimate ? texts.usage.estimate(dollars(cost)) : texts.usage.told(dollars(cost));
}
