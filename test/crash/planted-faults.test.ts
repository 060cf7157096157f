import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { requireOwnBroker } from '../servers/require-server.ts';

// A suite that cannot turn red shows nothing: the short form is run on copies of the tree, each with one fault in it.

const root = fileURLToPath(new URL('../..', import.meta.url));
const SHORT_FORM = 'test/integration/pipeline-crash-kafka.test.ts';
/** The case that shows all the faults, and what it says when it does. */
const CASE = 'killed before and behind';
const RED = /"missing": [1-9]|"added": [1-9]/;

/** A fault: in a file, the one place that holds `sound` holds `faulty` instead. */
interface PlantedFault {
  readonly file: string;
  readonly sound: string;
  readonly faulty: string;
}

const FAULTS: Readonly<Record<string, PlantedFault>> = {
  'offsets are stored before the outputs are acknowledged': {
    file: 'runtime/kafka/kafka-subscription.ts',
    sound: `
    await this.#options.producer.send(records, () => lost() === undefined);
    acknowledged?.();
    if (offsets.length === 0) return;
    failPoint('outputs-sent', this.#options.group);`,
    faulty: `
    if (offsets.length > 0) await this.#commits.store(offsets, true);
    if (offsets.length > 0) failPoint('outputs-sent', this.#options.group);
    await this.#options.producer.send(records, () => lost() === undefined);
    acknowledged?.();
    if (offsets.length === 0) return;`,
  },
  'a stamp says one record more than the state includes': {
    file: 'runtime/task-state.ts',
    sound: 'positions: Object.fromEntries(positions),',
    faulty:
      'positions: Object.fromEntries([...positions].map(([topic, offset]) => [topic, offset + 1])),',
  },
  'provenance is not looked at': {
    file: 'operators/source-progress.ts',
    sound: 'if (offset <= (this.#taken.get(this.#tenant)?.get(partition) ?? -1)) return true;',
    faulty: '',
  },
};

describe.runIf(requireOwnBroker('planted faults'))('the short form of the crash suite', () => {
  it('is green on a copy of the tree as it is', async () => {
    const { code, output } = await runShortForm();
    expect(output).toContain('1 passed');
    expect(code).toBe(0);
  });

  it.for(Object.keys(FAULTS))('is red when %s', async (name) => {
    const { code, output } = await runShortForm(FAULTS[name]);
    process.stderr.write(`planted: ${name}: ${output.match(RED)?.[0] ?? 'nothing'}\n`);
    expect(output).toMatch(RED);
    expect(code).toBe(1);
  });
});

/** Runs the case on a copy of the tree, with a fault planted in it. */
async function runShortForm(fault?: PlantedFault): Promise<{ code: number; output: string }> {
  const copy = mkdtempSync(join(tmpdir(), 'vigie-planted-'));
  try {
    cpSync(root, copy, { recursive: true, filter: (source) => isSource(relative(root, source)) });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    if (fault !== undefined) plant(copy, fault);
    const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs');
    const args = [vitest, 'run', '--project', 'integration', SHORT_FORM, '-t', CASE];
    const child = spawn(process.execPath, args, {
      cwd: copy,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const [code] = (await once(child, 'close')) as [number];
    return { code, output };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function isSource(path: string): boolean {
  const [first = ''] = path.split('/');
  return first !== 'node_modules' && first !== '.git' && first !== '.vigie' && first !== '.cache';
}

function plant(copy: string, { file, sound, faulty }: PlantedFault): void {
  const path = join(copy, file);
  const parts = readFileSync(path, 'utf8').split(sound);
  expect({ file, places: parts.length - 1 }).toEqual({ file, places: 1 });
  writeFileSync(path, parts.join(faulty));
}
