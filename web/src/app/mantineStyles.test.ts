/** Owns the check that what the UI shows of the component library has its styles. Must not know how it looks. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { expect, test } from 'vitest';

const LIBRARY = resolve('node_modules/@mantine/core');
const STYLES = join(LIBRARY, 'styles');

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

/** Every component that is imported by name. */
function componentsInUse(): string[] {
  const sources = filesUnder(resolve('src')).filter(
    (name) => /\.tsx?$/.test(name) && !name.includes('.test.'),
  );
  const found = sources.flatMap((name) =>
    [...readFileSync(name, 'utf8').matchAll(/import \{([^}]*)\} from '@mantine\/core'/g)].flatMap(
      ([, names = '']) => names.split(',').map((part) => part.trim()),
    ),
  );
  // The palette and notices are made of these.
  return [...new Set([...found, 'Highlight', 'Modal', 'Notification'])].filter((name) =>
    /^[A-Z]\w+$/.test(name),
  );
}

/** The modules that a component is made of, its own and those of others. */
function modulesOf(entry: string, seen: Set<string>): void {
  if (seen.has(entry) || !existsSync(entry)) return;
  seen.add(entry);
  for (const [, path = ''] of readFileSync(entry, 'utf8').matchAll(/from "(\.[^"]+)"/g)) {
    modulesOf(join(dirname(entry), path), seen);
  }
}

test('every component that is shown has its styles, and no other is loaded', () => {
  const modules = new Set<string>();
  const components = componentsInUse();
  expect(components.length).toBeGreaterThan(30);
  for (const name of components) modulesOf(join(LIBRARY, `esm/components/${name}/${name}.mjs`), modules);
  const inUse = new Set(
    [...modules]
      .filter((name) => name.endsWith('.module.mjs'))
      .flatMap((name) => readFileSync(name, 'utf8').match(/m_[0-9a-f]+/g) ?? []),
  );
  const loaded = [...readFileSync('src/app/mantine.css', 'utf8').matchAll(/styles\/(\w+)\.css/g)].map(
    ([, name]) => name,
  );
  const needed = readdirSync(STYLES)
    .filter((name) => /^[A-Z]\w+\.css$/.test(name))
    .filter((name) =>
      (readFileSync(join(STYLES, name), 'utf8').match(/m_[0-9a-f]+/g) ?? []).some((its) => inUse.has(its)),
    )
    .map((name) => name.replace('.css', ''));
  expect(needed.filter((name) => !loaded.includes(name))).toEqual([]);
  expect(loaded.filter((name) => name && /^[A-Z]/.test(name) && !needed.includes(name))).toEqual([]);
});
