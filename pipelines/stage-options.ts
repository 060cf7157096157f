import type { SchemaIds } from '../schemas/codec.ts';
import type { Config } from './config.ts';
import { type SeriesSettings, seriesSettings } from './series-settings.ts';

/** What every kernel is opened with: ids for the codec, the stage’s own section of the configuration, and that on series. */
export interface StageOptions<Section> {
  readonly schemaIds: SchemaIds;
  readonly section: Section;
  readonly series: SeriesSettings;
}

/** Section of the configuration that belongs to a stage. */
export type SectionOf<Stage extends 'validate' | 'enrich' | 'detect' | 'correlate' | 'route'> =
  Config[Stage];

/** Picks what the kernels of a stage are opened with. */
export function stageOptions(
  config: Config,
  stage: string,
  schemaIds: SchemaIds,
): StageOptions<unknown> {
  const sections: Readonly<Record<string, unknown>> = {
    validate: config.validate,
    enrich: config.enrich,
    detect: config.detect,
    correlate: config.correlate,
    route: config.route,
  };
  return { schemaIds, section: sections[stage], series: seriesSettings(config) };
}
