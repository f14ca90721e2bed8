/** Owns how a runtime's user adds the kinds of `agents/`. Must not know what they do. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const AGENTS = resolve(import.meta.dirname, 'agents');

/** Adds kinds to a runtime's folder, a file for each: `NAME.toml` stands beside its program, `NAME.py`. */
export function adding(...names: string[]): (runtimeFolder: string) => Promise<void> {
  return async (runtimeFolder) => {
    const kinds = join(runtimeFolder, 'kinds');
    await mkdir(kinds, { recursive: true, mode: 0o700 });
    for (const name of names) {
      const text = await readFile(join(AGENTS, `${name}.toml`), 'utf8');
      const program = join(AGENTS, `${name}.py`);
      await writeFile(join(kinds, `${name}.toml`), text.replace(name.toUpperCase(), program));
    }
  };
}
