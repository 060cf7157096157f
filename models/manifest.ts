import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { PipelineError } from '../runtime/errors.ts';
import { metricClasses } from './metric-class.ts';
import { type ClassModel, classParts, type ModelSet } from './scorer.ts';

/** Members that a class weighs: three models and two rules. */
const MEMBERS = 5;

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const version = z.int().min(1);
const modelEntry = z.object({
  id: z.string().min(1),
  version,
  sha256,
  inputWidth: z.int().min(1),
  outputWidth: z.int().min(1),
});
const classConstant = z
  .strictObject({
    id: z.string(),
    version,
    metricClass: z.enum(metricClasses),
    part: z.enum(classParts),
    values: z.union([z.number().min(0), z.array(z.number().min(0)).length(MEMBERS)]),
  })
  .refine(({ id, metricClass, part }) => id === `${metricClass}/${part}`, 'id is not class/part')
  .refine(
    ({ part, values }) => Array.isArray(values) === (part === 'weights'),
    'weights are a list, one per member; everything else is a number',
  );
const classGraph = z
  .strictObject({
    id: z.string(),
    version,
    metricClass: z.enum(metricClasses),
    model: z.string().min(1),
    sha256,
  })
  .refine(
    ({ id, metricClass, model }) => id === `${metricClass}/${model}`,
    'id is not class/model',
  );
const manifest = z.object({
  id: z.string().min(1),
  version,
  sha256,
  models: z.array(modelEntry).min(1),
  classes: z.array(z.union([classConstant, classGraph])).default([]),
});

/** Returns the checksum of a model set: over those of its models and what its classes have of their own. */
export function modelSetSha256(
  models: readonly { readonly sha256: string }[],
  classes: readonly ClassModel[],
): string {
  const together = models.map((entry) => entry.sha256).join('') + JSON.stringify(classes);
  return createHash('sha256').update(together).digest('hex');
}

/**
 * Reads `<folder>/manifest.json`.
 *
 * @throws PipelineError `MODEL_SHAPE` (fate: stop) when it is missing, is not of the form, names a model or the part of a
 *   class twice, a class's graph of a model that there is not, or has another checksum than its contents.
 */
export function readManifest(folder: string): ModelSet {
  const path = `${folder}/manifest.json`;
  let parsed: z.output<typeof manifest>;
  try {
    parsed = manifest.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw new PipelineError('MODEL_SHAPE', `cannot read ${path}`, { cause });
  }
  for (const entries of [parsed.models, parsed.classes]) {
    const ids = new Set(entries.map(({ id }) => id));
    if (ids.size < entries.length)
      throw new PipelineError('MODEL_SHAPE', `${path} names an entry twice`);
  }
  for (const entry of parsed.classes) {
    if ('model' in entry && !parsed.models.some(({ id }) => id === entry.model))
      throw new PipelineError('MODEL_SHAPE', `${path}: ${entry.id} is of no model`);
  }
  const found = modelSetSha256(parsed.models, parsed.classes);
  if (found !== parsed.sha256)
    throw new PipelineError('MODEL_SHAPE', `${path}: checksum ${found}, not ${parsed.sha256}`);
  return parsed;
}
