import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { proveSlowSink } from '../support/slow-sink-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'vigie-slow-sink-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a slow sink on the embedded log', () => {
  it('slows only its own consumer group', async () => {
    await proveSlowSink(folder, [`transport.embedded.dir=${join(folder, 'log')}`]);
  });
});
