/** Owns reading a typed command as an argument vector. Must not run or know any command. */

export type Argv = { argv: string[] } | { error: 'unclosedQuote' | 'trailingBackslash' };

/**
 * Splits a command line into words the way a shell would: blanks, 'single' and "double" quotes, backslashes.
 * Nothing is expanded: `$HOME` and `*` stay as they are typed.
 */
export function parseArgv(line: string): Argv {
  const argv: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (quote === "'") {
      if (char === "'") quote = null;
      else word = (word ?? '') + char;
    } else if (char === '\\') {
      at += 1;
      if (at >= line.length) return { error: 'trailingBackslash' };
      const next = line.charAt(at);
      // Inside double quotes a backslash is literal unless it escapes something that is special there.
      const kept = quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next;
      word = (word ?? '') + kept;
    } else if (quote === '"') {
      if (char === '"') quote = null;
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== null) argv.push(word);
      word = null;
    } else {
      word = (word ?? '') + char;
    }
  }
  if (quote) return { error: 'unclosedQuote' };
  if (word !== null) argv.push(word);
  return { argv };
}

/** The command line that {@link parseArgv} reads as these words. */
export function joinArgv(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
