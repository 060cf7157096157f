import type { EventTimeOptions } from '../operators/event-time-options.ts';
import type { SchemaIds } from '../schemas/codec.ts';
import type { Config } from './config.ts';
import { type SeriesSettings, seriesSettings } from './series-settings.ts';

/** What every kernel is opened with: ids for the codec, and its parts of the configuration. */
export interface StageOptions<Section> {
  readonly schemaIds: SchemaIds;
  readonly section: Section;
  readonly series: SeriesSettings;
  readonly eventTime: EventTimeOptions;
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
  const { eventTime } = config;
  return { schemaIds, section: sections[stage], series: seriesSettings(config), eventTime };
}
