import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { proveRedrive } from '../support/redrive-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-redrive-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('redriving on the embedded log', () => {
  it('takes each point in once, over restarts and repeats', async () => {
    await proveRedrive(folder, [`transport.embedded.dir=${join(folder, 'log')}`]);
  });
});
