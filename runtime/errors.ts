/**
 * What becomes of a record that could not be processed.
 *
 * `retry`: the cause is outside the record and may pass; the same record is tried again, bounded, then `deadLetter`.
 * `deadLetter`: the record goes to the dead-letter topic with its bytes. `drop`: the record is left out and counted.
 * `stop`: nothing can be processed rightly; the worker stops and says why.
 */
export type Fate = 'retry' | 'deadLetter' | 'drop' | 'stop';

interface ErrorEntry {
  readonly fate: Fate;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Every error code of the product: its fate, what it means, and what the on-call engineer does about it.
 *
 * Codes are `<AREA>_<WHAT>` and never renamed: they stand in dead-letter headers, metrics and decisions.
 * `docs/reference/errors.md` is generated from this table.
 */
export const errorCatalogue = {
  RECORD_NOT_AVRO: {
    fate: 'deadLetter',
    message: 'the value does not start with the Confluent frame (0x00 and a 4-byte schema id)',
    remedy: 'Write the record with a schema-registry serializer, or use `vigie produce`.',
  },
  RECORD_TRUNCATED: {
    fate: 'deadLetter',
    message: 'the value ends before its schema does, or holds bytes after it',
    remedy: 'Compare the producer’s schema id with the schema it writes by.',
  },
  RECORD_EMPTY: {
    fate: 'deadLetter',
    message: 'the record holds no value or no point',
    remedy: 'Do not send tombstones or empty batches to this topic.',
  },
  RECORD_TOO_LARGE: {
    fate: 'deadLetter',
    message: 'the value has more bytes, series or points than a record may have',
    remedy: 'Cut batches below `validate.maxRecordBytes` and `validate.maxSeriesPerRecord`.',
  },
  RECORD_TYPE: {
    fate: 'deadLetter',
    message: 'the record is of a type that does not belong on this topic',
    remedy:
      'Check which topic the producer writes to; `vigie topics` lists the record types of each.',
  },
  BATCH_COLUMNS: {
    fate: 'deadLetter',
    message: 'the columns of the batch disagree in length, or its layout number is unknown',
    remedy: 'Check the producer against docs/reference/packed-batches.md.',
  },
  SCHEMA_UNKNOWN_ID: {
    fate: 'deadLetter',
    message: 'the registry does not know the schema id in the frame',
    remedy: 'Register the schema in the registry that this cluster uses, then redrive.',
  },
  SCHEMA_INCOMPATIBLE: {
    fate: 'deadLetter',
    message: 'the writer’s schema cannot be read by the current one',
    remedy:
      'Run `vigie schemas check` on the producer’s schema; only BACKWARD changes are readable.',
  },
  SCHEMA_UNREGISTERED: {
    fate: 'stop',
    message: 'a schema of this version has no id in `schemas/ids.json`',
    remedy: 'Run `node schemas/check.ts --accept` and commit the version it writes.',
  },
  REGISTRY_UNAVAILABLE: {
    fate: 'retry',
    message: 'the schema registry did not answer',
    remedy: 'Bring the registry back; partitions wait and lose nothing.',
  },
  TENANT_UNKNOWN: {
    fate: 'deadLetter',
    message: 'the tenant is not in the catalog',
    remedy: 'Add the tenant to `catalog.tenants`, or correct the producer; then redrive.',
  },
  TENANT_INVALID: {
    fate: 'deadLetter',
    message: 'the tenant is empty or its name is too long',
    remedy: 'Name the tenant, within `validate.maxTenantLength`.',
  },
  METRIC_NAME_INVALID: {
    fate: 'deadLetter',
    message: 'the metric name is empty, too long or has a character that is not allowed',
    remedy: 'Use [a-zA-Z_:][a-zA-Z0-9_:.]* and stay within `validate.maxNameLength`.',
  },
  UNIT_TOO_LONG: {
    fate: 'deadLetter',
    message: 'the unit is longer than the limit',
    remedy: 'Send a UCUM unit within `validate.maxUnitLength`, or none.',
  },
  LABEL_NAME_INVALID: {
    fate: 'deadLetter',
    message: 'a label name is empty or has a character that is not allowed',
    remedy: 'Use [a-zA-Z_][a-zA-Z0-9_.]* for label names.',
  },
  LABEL_NAME_TOO_LONG: {
    fate: 'deadLetter',
    message: 'a label name is longer than the limit',
    remedy: 'Shorten the name or raise `validate.maxLabelNameLength`.',
  },
  LABEL_VALUE_TOO_LONG: {
    fate: 'deadLetter',
    message: 'a label value is longer than the limit',
    remedy: 'Shorten the value or raise `validate.maxLabelValueLength`.',
  },
  LABEL_DUPLICATE: {
    fate: 'deadLetter',
    message: 'the same label name stands twice on one series',
    remedy: 'Send each label once.',
  },
  LABELS_TOO_MANY: {
    fate: 'deadLetter',
    message: 'the series has more labels than the limit',
    remedy: 'Remove labels or raise `validate.maxLabelNamesPerSeries`.',
  },
  VALUE_NOT_FINITE: {
    fate: 'deadLetter',
    message: 'the value is NaN or infinite and is not the staleness marker',
    remedy:
      'Leave the point out, or send the staleness marker 0x7ff0000000000002 to end the series.',
  },
  TIMESTAMP_INVALID: {
    fate: 'deadLetter',
    message: 'the timestamp is not a whole number of milliseconds after 1970',
    remedy: 'Send epoch milliseconds UTC.',
  },
  TIMESTAMP_TOO_FAR_AHEAD: {
    fate: 'deadLetter',
    message: 'the timestamp lies further in the future than the grace period',
    remedy: 'Check the producer’s clock and unit (ms), or raise `validate.creationGracePeriodMs`.',
  },
  TIMESTAMP_TOO_OLD: {
    fate: 'deadLetter',
    message:
      'the timestamp is older than `validate.maxAgeMs` and the record is not marked as back-fill',
    remedy: 'Send old points as back-fill (`vigie produce --backfill`).',
  },
  SERIES_ID_COLLISION: {
    fate: 'deadLetter',
    message: 'two label sets have the same 64-bit series id',
    remedy: 'Rename a label of the newer series; the older one keeps its history.',
  },
  SERIES_UNDEFINED: {
    fate: 'drop',
    message: 'points arrived for a series whose definition is not known here',
    remedy:
      'None: VALIDATE repeats definitions; a lasting count means the validated topic lost records.',
  },
  SERIES_LIMIT: {
    fate: 'drop',
    message: 'the tenant has as many series as it may have; points of new ones are dropped',
    remedy: 'Remove an exploding label or raise `enrich.maxSeriesPerTenant`.',
  },
  SERIES_MEMORY: {
    fate: 'drop',
    message: 'there is no memory for new series of this tenant; their points are dropped',
    remedy: 'Raise `series.memoryBytes`, or see which tenant grows: docs/runbooks/memory-short.md.',
  },
  POINT_DUPLICATE: {
    fate: 'drop',
    message: 'the series has a point with this timestamp already',
    remedy: 'None when a producer retries; else look for two producers of one series.',
  },
  POINT_OUT_OF_ORDER: {
    fate: 'drop',
    message: 'the point is older than the newest accepted point of its series',
    remedy: 'Keep each series on one producer and one raw partition.',
  },
  POINT_LATE: {
    fate: 'drop',
    message: 'the point came behind the watermark, and late points of its metric are not scored',
    remedy:
      'Bring the producer closer to the present, raise `eventTime.allowedLatenessMs`, or score late points (`eventTime.latePoints`).',
  },
  COUNTER_BASE: {
    fate: 'drop',
    message: 'the first value of a counter only sets the base of its rate',
    remedy: 'None.',
  },
  SERIES_ENDED: {
    fate: 'drop',
    message: 'a staleness marker ended the series; it carries no value',
    remedy: 'None.',
  },
  RATE_NOT_FINITE: {
    fate: 'drop',
    message: 'the rate of a counter exceeds what a number can hold',
    remedy: 'Check the counter’s values; none of a real counter come near 1e305.',
  },
  RECORD_REPEATED: {
    fate: 'drop',
    message:
      'the source record was taken in before (at-least-once delivery, or a dead letter redriven twice); its points were skipped',
    remedy: 'None: this is how restarts and redrives stay harmless.',
  },
  STATE_LAYOUT: {
    fate: 'stop',
    message: 'a saved state page has another layout than this version reads',
    remedy:
      'Start the version that wrote the state, or remove the state topic and accept a cold start.',
  },
  PARTITIONS_CHANGED: {
    fate: 'stop',
    message: 'a topic has another number of partitions than the series were placed by',
    remedy: 'Restore the former number; changing it needs a repartitioning of the state.',
  },
  KERNEL_TIMEOUT: {
    fate: 'retry',
    message: 'a kernel call passed its deadline; its thread was recycled and the task rebuilt',
    remedy:
      'Look for an oversized batch or a starved machine; raise `runtime.kernelTimeoutMs` if it is neither.',
  },
  TASK_LOST: {
    fate: 'retry',
    message: 'the thread that held the task was recycled; the task is rebuilt from its saved state',
    remedy: 'None by itself; see the KERNEL_TIMEOUT before it.',
  },
  KERNEL_FAILED: {
    fate: 'stop',
    message: 'a kernel threw on a batch',
    remedy: 'This is a defect: report it with the stage, partition and offset from the log.',
  },
  MODEL_SHAPE: {
    fate: 'stop',
    message: 'a model’s inputs or outputs are not what its manifest says',
    remedy: 'Restore the model file that `models/manifest.json` names by checksum.',
  },
  TRANSPORT_UNAVAILABLE: {
    fate: 'retry',
    message: 'the broker or the log file did not take the write',
    remedy: 'Bring the broker back; nothing is committed before its outputs are acknowledged.',
  },
  TRANSPORT_REFUSED: {
    fate: 'stop',
    message:
      'the broker refused for good (missing topic, record too large or stamped too far ahead, password or certificate not accepted)',
    remedy:
      'Create the topic that the detail names (`vigie topics apply`), or mend what it says of size, time stamp (the producer’s clock), password or certificate.',
  },
  TRANSPORT_FORBIDDEN: {
    fate: 'stop',
    message: 'the brokers do not allow us an operation',
    remedy:
      'Have it granted: `kafka-acls --add` with what the detail names; docs/operations.md lists what vigie needs.',
  },
  LOG_IN_USE: {
    fate: 'stop',
    message: 'another process works on this data folder',
    remedy: 'Stop the process that the detail names, or give this one a folder of its own.',
  },
  LOG_UNREADABLE: {
    fate: 'stop',
    message: 'the log file of the data folder cannot be read',
    remedy:
      'Start the version that wrote it, restore it from a copy, or begin anew (`npm start -- --reset`).',
  },
  SINK_UNAVAILABLE: {
    fate: 'retry',
    message: 'a receiver did not take a notification',
    remedy: 'Check the receiver; the attempt is repeated, then recorded as FAILED.',
  },
  SINK_TIMEOUT: {
    fate: 'retry',
    message: 'a receiver did not take a notification within its `timeoutMs`',
    remedy: 'See why the receiver hangs. The attempt is repeated; a late one may still arrive.',
  },
  INPUT_UNREADABLE: {
    fate: 'stop',
    message: 'an input file could not be read to its end',
    remedy:
      'Check its path, permissions and, for `.gz`, whether it is whole; points read before were sent.',
  },
  LISTENER_REFUSED: {
    fate: 'stop',
    message: 'the address for metrics and health cannot be listened on',
    remedy: 'Free the port, or choose another `observability.listener.host` or `port`.',
  },
  OPTIONS_INVALID: {
    fate: 'stop',
    message: 'the configuration has faults',
    remedy: 'Mend the lines named; `vigie config check` lists all of them.',
  },
} as const satisfies Record<string, ErrorEntry>;

/** A code of the error catalogue. */
export type ErrorCode = keyof typeof errorCatalogue;

/**
 * An error with a code from the catalogue, and so with a fate and a remedy.
 *
 * `detail` says what and where (a limit, a path, an offset), never a payload or a secret.
 */
export class PipelineError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;

  constructor(code: ErrorCode, detail = '', options?: ErrorOptions) {
    super(
      detail === '' ? errorCatalogue[code].message : `${errorCatalogue[code].message}: ${detail}`,
      options,
    );
    this.name = 'PipelineError';
    this.code = code;
    this.detail = detail;
  }

  /** What becomes of the record or worker, by the catalogue. */
  get fate(): Fate {
    return errorCatalogue[this.code].fate;
  }
}
