import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { classNumber } from './metric-class.ts';
import { bundledModels, OnnxEnsemble } from './onnx-ensemble.ts';
import type { ClassGraph, ModelEntry } from './scorer.ts';

interface Golden {
  readonly input: number[][];
  readonly output: number[][];
  readonly tolerance: number;
}

const folders: string[] = [];
let ensemble: OnnxEnsemble;

beforeAll(async () => {
  ensemble = await OnnxEnsemble.load();
});

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function golden(id: string): Golden {
  return JSON.parse(readFileSync(join(bundledModels(), id, 'golden.json'), 'utf8')) as Golden;
}

/** Rows that stay within what the model was trained on: mixtures of golden rows. */
function rowsOf(entry: ModelEntry, count: number): Float32Array {
  const { input } = golden(entry.id);
  return Float32Array.from({ length: count * entry.inputWidth }, (_, i) => {
    const row = Math.floor(i / entry.inputWidth);
    const at = i % entry.inputWidth;
    const a = input[row % input.length]?.[at] ?? 0;
    const b = input[(row * 7 + 3) % input.length]?.[at] ?? 0;
    return a + ((row % 13) / 13) * (b - a);
  });
}

async function scores(
  entry: ModelEntry,
  input: Float32Array,
  rows: number,
  classes?: Uint8Array,
): Promise<Float32Array> {
  const output = new Float32Array(rows * entry.outputWidth);
  await ensemble.run(entry.id, input, rows, output, classes);
  return output;
}

function graphsOf({ id }: ModelEntry): ClassGraph[] {
  const all = ensemble.modelSet.classes ?? [];
  return all.filter((entry): entry is ClassGraph => 'model' in entry && entry.model === id);
}

function numberOf({ metricClass }: ClassGraph): number {
  return classNumber(metricClass) ?? Number.NaN;
}

describe('OnnxEnsemble', { timeout: 60_000 }, () => {
  it('gives what the training framework gave', async () => {
    expect(ensemble.modelSet.models.map(({ id }) => id)).toEqual([
      'isolation-forest',
      'forecast',
      'lstm-autoencoder',
    ]);
    for (const entry of ensemble.modelSet.models) {
      const { input, output, tolerance } = golden(entry.id);
      const got = await scores(entry, Float32Array.from(input.flat()), input.length);
      for (const [i, expected] of output.flat().entries()) {
        const error = Math.abs((got[i] as number) - expected);
        expect(error).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));
      }
    }
  });

  it('gives what the training framework gave for classes with a graph of their own', async () => {
    for (const entry of ensemble.modelSet.models) {
      const graphs = graphsOf(entry);
      expect(graphs.length).toBeGreaterThan(0);
      for (const graph of graphs) {
        const { input, output, tolerance } = golden(`${entry.id}/${graph.metricClass}`);
        const classes = new Uint8Array(input.length).fill(numberOf(graph));
        const got = await scores(entry, Float32Array.from(input.flat()), input.length, classes);
        for (const [i, expected] of output.flat().entries()) {
          const error = Math.abs((got[i] as number) - expected);
          expect(error).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected)));
        }
      }
    }
  });

  it('gives a row the bits of its class, whatever classes stand around it', async () => {
    for (const entry of ensemble.modelSet.models) {
      const rows = 5000;
      const input = rowsOf(entry, rows);
      const classes = Uint8Array.from({ length: rows }, (_, i) => (i * i + (i >> 3)) % 9);
      const together = await scores(entry, input, rows, classes);
      const general = await scores(entry, input, rows);
      const own = new Map<number, Float32Array>();
      for (const graph of graphsOf(entry)) {
        const number = numberOf(graph);
        const alone = await scores(entry, input, rows, new Uint8Array(rows).fill(number));
        expect(alone).not.toEqual(general);
        own.set(number, alone);
      }
      const expected = together.map((_, i) => {
        const row = Math.floor(i / entry.outputWidth);
        return (own.get(classes[row] as number) ?? general)[i] as number;
      });
      expect(together).toEqual(expected);
    }
  });

  it('keeps calls apart that run at the same time', async () => {
    const [entry] = ensemble.modelSet.models as [ModelEntry];
    const calls = [300, 200, 4500].map((rows, k) => {
      const input = rowsOf(entry, rows).map((value) => value + k);
      return { rows, input, classes: Uint8Array.from({ length: rows }, (_, i) => (i + k) % 9) };
    });
    const run = (call: (typeof calls)[0]) => scores(entry, call.input, call.rows, call.classes);
    const alone: Float32Array[] = [];
    for (const call of calls) alone.push(await run(call));
    expect(await Promise.all(calls.map(run))).toEqual(alone);
  });

  it('gives the same bits for a row whatever stands around it', async () => {
    for (const entry of ensemble.modelSet.models) {
      const rows = 257;
      const input = rowsOf(entry, rows);
      const together = await scores(entry, input, rows);
      for (const size of [1, 2, 3, 5, 7, 8, 17, 31, 32, 33, 64, 100]) {
        const apart = new Float32Array(together.length);
        for (let at = 0; at < rows; at += size) {
          const count = Math.min(size, rows - at);
          const part = await scores(entry, input.subarray(at * entry.inputWidth), count);
          apart.set(part, at * entry.outputWidth);
        }
        expect(Buffer.from(apart.buffer).equals(Buffer.from(together.buffer))).toBe(true);
      }
    }
  });

  it('runs more rows than one run of the runtime takes', async () => {
    const [entry] = ensemble.modelSet.models as [ModelEntry];
    const input = rowsOf(entry, 5000);
    const all = await scores(entry, input, 5000);
    const last = await scores(entry, input.subarray(4999 * entry.inputWidth), 1);
    expect(all[4999]).toBe(last[0]);
  });

  it('refuses unknown models and arrays that are too short', async () => {
    const [entry] = ensemble.modelSet.models as [ModelEntry];
    const row = new Float32Array(entry.inputWidth);
    const wanted = { code: 'MODEL_SHAPE' };
    await expect(ensemble.run('none', row, 1, new Float32Array(1))).rejects.toMatchObject(wanted);
    await expect(ensemble.run(entry.id, row, 2, new Float32Array(2))).rejects.toMatchObject(wanted);
    await expect(ensemble.run(entry.id, row, 1, new Float32Array(0))).rejects.toMatchObject(wanted);
  });

  it('refuses a model file that is not the one of the manifest', async () => {
    const folder = copyOfModels();
    const path = join(folder, 'forecast', 'model.onnx');
    const bytes = readFileSync(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(path, bytes);
    await expect(OnnxEnsemble.load(folder)).rejects.toMatchObject({ code: 'MODEL_SHAPE' });
    rmSync(path);
    await expect(OnnxEnsemble.load(folder)).rejects.toMatchObject({ code: 'MODEL_SHAPE' });
  });

  it('refuses a graph of a class that is not the one of the manifest', async () => {
    const folder = copyOfModels();
    const [graph] = (ensemble.modelSet.models as ModelEntry[]).flatMap(graphsOf) as [ClassGraph];
    const path = join(folder, graph.model, graph.metricClass, 'model.onnx');
    rmSync(path);
    await expect(OnnxEnsemble.load(folder)).rejects.toThrow(`${graph.id}: no model file`);
    cpSync(join(folder, graph.model, 'model.onnx'), path);
    await expect(OnnxEnsemble.load(folder)).rejects.toThrow(`${graph.id}: checksum`);
  });

  it.each(['inputWidth', 'outputWidth'] as const)(
    'refuses a manifest with another %s',
    async (key) => {
      const folder = copyOfModels();
      const path = join(folder, 'manifest.json');
      const manifest = JSON.parse(readFileSync(path, 'utf8'));
      manifest.models[1][key] += 1;
      writeFileSync(path, JSON.stringify(manifest));
      await expect(OnnxEnsemble.load(folder)).rejects.toMatchObject({ code: 'MODEL_SHAPE' });
    },
  );
});

function copyOfModels(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vigie-models-'));
  folders.push(folder);
  cpSync(join(bundledModels(), 'manifest.json'), join(folder, 'manifest.json'));
  for (const { id } of ensemble.modelSet.models) {
    cpSync(join(bundledModels(), id), join(folder, id), { recursive: true });
  }
  return folder;
}
