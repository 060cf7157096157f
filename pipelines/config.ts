import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { correlateOptions } from '../operators/correlate/options.ts';
import { detectOptions } from '../operators/detect/options.ts';
import { enrichOptions } from '../operators/enrich/options.ts';
import { eventTimeOptions } from '../operators/event-time-options.ts';
import { routeOptions } from '../operators/route/options.ts';
import { validateOptions } from '../operators/validate/options.ts';
import { readEnvironmentAliases, takeAliasSections } from '../runtime/options/option-alias.ts';
import {
  emptyOptionDocument,
  type OptionDocument,
  OptionText,
  parseOptionDocument,
} from '../runtime/options/option-document.ts';
import type { OptionFault, OptionPath } from '../runtime/options/option-origin.ts';
import {
  type OptionOverlay,
  OptionsInvalid,
  type ReadOptions,
  readOptions,
} from '../runtime/options/options.ts';
import { catalogOptions } from './catalog-options.ts';
import { observabilityOptions } from './observability-options.ts';
import { ownerEnvironment, ownerKeys } from './owner-names.ts';
import { runtimeOptions, topicsOptions } from './runtime-options.ts';
import { seriesOptions } from './series-options.ts';
import { schemaRegistryOptions, transportOptions } from './transport-options.ts';

/** File that is read when none is named. */
export const DEFAULT_CONFIG_FILE = 'vigie.yaml';

/** The one schema of the configuration: `vigie.yaml`, its reference page and its JSON Schema come from here. */
export const configSchema = z
  .strictObject({
    transport: transportOptions.prefault({}),
    schemaRegistry: schemaRegistryOptions.prefault({}),
    topics: topicsOptions.prefault({}),
    runtime: runtimeOptions.prefault({}),
    series: seriesOptions.prefault({}),
    eventTime: eventTimeOptions.prefault({}),
    validate: validateOptions.prefault({}).describe('The stage that checks form and packs points.'),
    enrich: enrichOptions.prefault({}).describe('The stage that owns series and their context.'),
    detect: detectOptions.prefault({}),
    correlate: correlateOptions
      .prefault({})
      .describe('The stage that makes alerts and incidents of episodes.'),
    route: routeOptions.prefault({}).describe('The stage that decides who is told, and how often.'),
    catalog: catalogOptions.prefault({}),
    observability: observabilityOptions.prefault({}),
  })
  .superRefine(({ transport, eventTime }, context) => {
    const { sessionTimeoutMs } = transport.kafka;
    if (transport.kind !== 'kafka' || eventTime.failoverTimeoutMs > sessionTimeoutMs) return;
    const message = `must be longer than transport.kafka.sessionTimeoutMs (${sessionTimeoutMs} ms) and what a restore takes: a worker that is killed is missed for so long`;
    context.addIssue({ code: 'custom', path: ['eventTime', 'failoverTimeoutMs'], message });
  });

/** The configuration after parsing: every key is there, defaults filled in, durations in ms, sizes in bytes. */
export type Config = z.output<typeof configSchema>;

/** Where the configuration is read from. */
export interface ConfigSources {
  /** A file; absent: `vigie.yaml` in `cwd` if there is one, else defaults. */
  readonly file?: string | undefined;
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `key=value` texts that go over everything else. */
  readonly set?: readonly string[];
}

/** The configuration with the origin of each value that is not a default, and the file it was read from. */
export interface LoadedConfig extends ReadOptions<Config> {
  readonly file: string | undefined;
}

/**
 * Reads the configuration: defaults, under the file, under the owner’s environment names, under `set`.
 *
 * @throws OptionsInvalid with every fault of all of these together.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const file =
    sources.file ??
    (existsSync(path.join(sources.cwd, DEFAULT_CONFIG_FILE)) ? DEFAULT_CONFIG_FILE : undefined);
  const document = readDocument(file, sources);
  const keys = takeAliasSections(ownerKeys, document);
  const environment = readEnvironmentAliases(ownerEnvironment, sources.environment);
  const set = readAssignments(sources.set ?? []);
  document.faults.push(...keys.faults, ...environment.faults, ...set.faults);
  const read = readOptions(configSchema, document, [
    ...keys.overlays,
    ...environment.overlays,
    ...set.overlays,
  ]);
  return { ...read, file };
}

function readDocument(
  file: string | undefined,
  { cwd, environment }: ConfigSources,
): OptionDocument {
  if (file === undefined) return emptyOptionDocument();
  try {
    return parseOptionDocument({
      file,
      text: readFileSync(path.resolve(cwd, file), 'utf8'),
      environment,
    });
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    const message = reason === 'ENOENT' ? 'there is no such file' : `cannot be read (${reason})`;
    throw new OptionsInvalid([{ origin: { kind: 'argument', text: file }, path: '', message }]);
  }
}

function readAssignments(assignments: readonly string[]): {
  overlays: OptionOverlay[];
  faults: OptionFault[];
} {
  const overlays: OptionOverlay[] = [];
  const faults: OptionFault[] = [];
  for (const text of assignments) {
    const origin = { kind: 'argument', text: `--set ${text.split('=')[0]}` } as const;
    const equals = text.indexOf('=');
    const steps = readPath(text.slice(0, Math.max(equals, 0)));
    if (steps === undefined) {
      faults.push({ origin, path: '', message: 'expected key=value, such as detect.hop=8' });
    } else {
      overlays.push({ path: steps, value: new OptionText(text.slice(equals + 1)), origin });
    }
  }
  return { overlays, faults };
}

function readPath(text: string): OptionPath | undefined {
  return /^[A-Za-z]\w*(?:\.[A-Za-z]\w*)*$/.test(text) ? text.split('.') : undefined;
}
