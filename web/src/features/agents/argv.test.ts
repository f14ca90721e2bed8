/** Owns the proof that commands are read as a shell would read them. */
import { describe, expect, test } from 'vitest';

import { joinArgv, parseArgv } from './argv';

describe('parseArgv', () => {
  test.each<[string, string[]]>([
    ['', []],
    ['  \t ', []],
    ['ls -la  /tmp', ['ls', '-la', '/tmp']],
    [`sh -c 'echo "hi there"'`, ['sh', '-c', 'echo "hi there"']],
    [`a"b c"d`, ['ab cd']],
    [`'' ""`, ['', '']],
    [String.raw`one\ word "say \"hi\"" "keep \n"`, ['one word', 'say "hi"', String.raw`keep \n`]],
    [String.raw`'no \ escape'`, [String.raw`no \ escape`]],
    ['echo $HOME *', ['echo', '$HOME', '*']],
  ])('%j', (line, argv) => expect(parseArgv(line)).toEqual({ argv }));

  test.each<[string, string]>([
    [`echo 'open`, 'unclosedQuote'],
    ['echo "open', 'unclosedQuote'],
    ['echo \\', 'trailingBackslash'],
  ])('%j is refused', (line, error) => expect(parseArgv(line)).toEqual({ error }));
});

test.each([[['a b', "it's", '', '$x', 'plain-word.txt']], [[]]])(
  'joinArgv(%j) is read back',
  (argv: string[]) => {
    expect(parseArgv(joinArgv(argv))).toEqual({ argv });
  },
);
