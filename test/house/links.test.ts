import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = globSync('{*,!(node_modules)/**/*}.md', { cwd: root });

it('every link of a page to a file leads somewhere', () => {
  const links = pages.flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!\w+:|#)([^)#\s]+)[^)]*\)/g)].map(
      ([, target = '']) => ({ page, target }),
    ),
  );
  expect(links.length).toBeGreaterThan(20);
  const dead = links.filter(({ page, target }) => !existsSync(join(root, dirname(page), target)));
  expect(dead).toEqual([]);
});
