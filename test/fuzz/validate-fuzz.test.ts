import { describe, expect, it, vi } from 'vitest';
import { harms } from './mutations.ts';
import { fuzzValidate } from './validate-fuzz.ts';

// A limit for hangs of the test itself; a kernel that hangs has a deadline of its own.
vi.setConfig({ testTimeout: 600_000 });

const RECORDS = Number(process.env.VIGIE_FUZZ_RECORDS ?? 100_000);
const SEED = Number(process.env.VIGIE_FUZZ_SEED ?? 1);

describe('VALIDATE under harmed records', () => {
  it(`accounts for each of ${RECORDS} of them, with seed ${SEED}`, async () => {
    const report = await fuzzValidate({ records: RECORDS, seed: SEED, keepAll: true });
    expect(report.records).toBe(RECORDS);
    expect(report.leftOut).toBe(0);
    // The harm must reach every gate, and leave enough whole to come through.
    expect(Object.keys(report.harms).sort()).toEqual(
      [...harms, 'none', 'schema', 'tombstone'].sort(),
    );
    expect(report.pointsOut).toBeGreaterThan(RECORDS / 10);
    expect(Object.keys(report.codes)).toEqual(
      expect.arrayContaining([
        'RECORD_NOT_AVRO',
        'RECORD_TRUNCATED',
        'RECORD_EMPTY',
        'RECORD_TYPE',
        'BATCH_COLUMNS',
        'SCHEMA_UNKNOWN_ID',
        'SCHEMA_INCOMPATIBLE',
        'TENANT_INVALID',
        'METRIC_NAME_INVALID',
        'LABEL_NAME_INVALID',
        'LABEL_DUPLICATE',
        'VALUE_NOT_FINITE',
        'TIMESTAMP_INVALID',
        'TIMESTAMP_TOO_FAR_AHEAD',
        'TIMESTAMP_TOO_OLD',
      ]),
    );
  });

  it('accounts for all points where most dead letters are left out', async () => {
    const report = await fuzzValidate({ records: RECORDS / 10, seed: SEED + 1, keepAll: false });
    expect(report.records).toBe(RECORDS / 10);
    expect(report.leftOut).toBeGreaterThan(0);
  });
});
