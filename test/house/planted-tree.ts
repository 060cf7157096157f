import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repository } from './cruise.ts';

/** A folder of planted files that is gone when the callback is done. */
export function withPlantedTree<T>(
  configuration: readonly string[],
  files: Readonly<Record<string, string>>,
  use: (root: string) => T,
): T {
  const root = mkdtempSync(join(tmpdir(), 'vigie-house-'));
  try {
    symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
    for (const path of configuration) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      copyFileSync(join(repository, path), join(root, path));
    }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return use(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}
