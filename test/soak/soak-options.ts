import { parseArgs } from 'node:util';
import { readDurationMs } from '../../runtime/options/quantity.ts';

/** How a soak is run. */
export interface SoakOptions {
  readonly forMs: number;
  readonly transport: 'kafka' | 'embedded';
  readonly client: 'kafkajs' | 'platformatic';
  /** Live series; each has one point a second. */
  readonly series: number;
}

/** A fault in the command line, said in one sentence. */
export class SoakUsage extends Error {}

/** What the command takes, in one line. */
export const soakUsage =
  'usage: npm run test:soak -- [--for 30m] [--transport kafka|embedded] [--client kafkajs|platformatic] [--series 1000]';

const SHORTEST_MS = 60_000;

/** Reads the command line. @throws SoakUsage when an option is unknown or makes no sense. */
export function readSoakOptions(args: readonly string[]): SoakOptions {
  const values = parse(args);
  const forMs = readDurationMs(values.for);
  if (forMs === undefined || forMs < SHORTEST_MS)
    throw new SoakUsage(`--for must be a duration of at least a minute, not "${values.for}"`);
  const series = Number(values.series);
  if (!Number.isSafeInteger(series) || series < 1)
    throw new SoakUsage(`--series must be a whole number, not "${values.series}"`);
  return {
    forMs,
    series,
    transport: oneOf('transport', values.transport, ['kafka', 'embedded']),
    client: oneOf('client', values.client, ['kafkajs', 'platformatic']),
  };
}

function parse(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        for: { type: 'string', default: '30m' },
        transport: { type: 'string', default: 'kafka' },
        client: { type: 'string', default: 'platformatic' },
        series: { type: 'string', default: '1000' },
      },
      strict: true,
    });
    return values;
  } catch (error) {
    throw new SoakUsage(error instanceof Error ? error.message : String(error));
  }
}

function oneOf<const T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found !== undefined) return found;
  throw new SoakUsage(`--${flag} must be ${allowed.join(' or ')}, not "${text}"`);
}
