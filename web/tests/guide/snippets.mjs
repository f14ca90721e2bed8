/**
 * The fenced snippets of the user guide.
 *
 * Owns finding them. Must not know how one is run: a test takes the text and runs it unchanged.
 */
import { readFileSync } from 'node:fs';

const GUIDE = new URL('../../../docs/guide/agent-runtime-setup.md', import.meta.url);

/** Every fenced block that names a language, in the guide's order: `{language, code, line}`. */
export const snippets = read(readFileSync(GUIDE, 'utf8'));

/** The one snippet in this language that contains the text. */
export function snippet(language, containing) {
  const found = snippets.filter((s) => s.language === language && s.code.includes(containing));
  if (found.length !== 1) {
    throw new Error(`the guide has ${found.length} ${language} snippets containing ${containing}, not one`);
  }
  return found[0].code;
}

/** Runs a script snippet with these names in scope; a snippet may use `await`. */
export async function run(code, scope) {
  const AsyncFunction = run.constructor;
  return new AsyncFunction(...Object.keys(scope), code)(...Object.values(scope));
}

/** Exported for its own test: blocks of a Markdown text. */
export function read(markdown) {
  const found = [];
  let open = null;
  markdown.split('\n').forEach((text, index) => {
    const fence = text.match(/^```(\w*)$/);
    if (!fence) {
      open?.lines.push(text);
    } else if (open) {
      if (open.language) {
        found.push({ language: open.language, line: open.line, code: open.lines.join('\n') });
      }
      open = null;
    } else {
      open = { language: fence[1], line: index + 1, lines: [] };
    }
  });
  if (open) throw new Error(`the block that begins in line ${open.line} never ends`);
  return found;
}
