/** Owns the checks of what is laid out and what is shown as typed. Must not know how it is drawn. */
import { describe, expect, it } from 'vitest';

import { isReadable, MAX_BRACKETS, MAX_CELLS, MAX_NESTING } from './bounds';

function lines(count: number, line: (nth: number) => string): string {
  return Array.from({ length: count }, (_, nth) => line(nth)).join('\n');
}

function table(columns: number, rows: number, row = '|x'.repeat(columns)): string {
  return ['|a'.repeat(columns), '|-'.repeat(columns), ...Array<string>(rows).fill(row)].join('\n');
}

describe('texts that nobody reads are not laid out', () => {
  it.each([
    ['a list in a list in a list', '- '.repeat(1000)],
    ['numbered lists', '1. '.repeat(MAX_NESTING + 1)],
    ['quotes', '>'.repeat(10_000)],
    ['quotes with lists', '> - '.repeat(MAX_NESTING)],
    ['lists by indentation', lines(MAX_NESTING + 2, (nth) => `${'  '.repeat(nth)}- a`)],
    ['a wide table with empty rows', table(500, 500, '|')],
    ['a table', table(10, MAX_CELLS / 10)],
    ['many tables', lines(101, () => `${table(20, 10)}\n`)],
    ['brackets', '!['.repeat(MAX_BRACKETS + 1)],
    ['emphasis in one paragraph', '*a '.repeat(1500)],
    ['emphasis over the lines of one paragraph', lines(750, () => '**a _b')],
  ])('%s', (_what, text) => {
    expect(isReadable(text)).toBe(false);
  });
});

describe('texts that people write are laid out', () => {
  it.each([
    ['nothing', ''],
    ['a long page', lines(20_000, (nth) => `Line ${nth} with *one* and [a link](/pages/x).\n`)],
    ['a long list', lines(5000, (nth) => `- item **${nth}**`)],
    ['lists side by side', lines(200, (nth) => (nth % 2 ? '  - in' : '- out'))],
    ['a table with bold cells', table(4, 1000, '| **a** | b | c | d |')],
    ['quotes within quotes', '>>> a\n>> b'],
    ['code', `\`\`\`\n${lines(3000, () => 'snake_case_name = other_name * 2 # |-|-|')}\n\`\`\``],
    ['many mentions in a paragraph', '@[Ann](user:usr_1) '.repeat(2000)],
    ['a line of dashes', `${'-'.repeat(500)}\n${'text\n'.repeat(500)}`],
  ])('%s', (_what, text) => {
    expect(isReadable(text)).toBe(true);
  });
});
