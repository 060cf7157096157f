import { parseArgs } from 'node:util';

/** Options of a bench; each bench reads the ones that concern it. */
export interface BenchOptions {
  readonly name: string;
  readonly transport: 'embedded' | 'kafka';
  /** The client on Kafka. */
  readonly client: 'kafkajs' | 'platformatic';
  /** Live series. */
  readonly series: number;
  /** New points of a series in one record. */
  readonly pointsPerSeries: number;
  /** Points of one raw record, but for a single producer, which writes a record per point. */
  readonly pointsPerRecord: number;
  /** Event time between two points of a series, ms. */
  readonly stepMs: number;
  /** Points between two windows; 0 goes by the step, as in the product. */
  readonly hop: number;
  readonly partitions: number;
  /** Worker processes; more than one needs Kafka. */
  readonly workers: number;
  /** Kernel threads per worker; 0 as in the product. */
  readonly threads: number;
  readonly warmupSeconds: number;
  readonly seconds: number;
  /** Write all points before the pipeline starts. */
  readonly preloaded: boolean;
  /** One `MetricPoint` per record instead of packed batches. */
  readonly single: boolean;
  /** Points per second, for open loops. */
  readonly rates: readonly number[];
  /** Shares of the rate that `pipeline` reaches in the same session, percent, in place of `rates`. */
  readonly shares: readonly number[];
  /** Share of points at which an anomaly is planted. */
  readonly planted: number;
  readonly durability: 'full' | 'normal';
  /** Keep the figures of `all` as the baseline. */
  readonly save: boolean;
  /** Graceful hand-overs, kills, and standbys of each task, of the hand-over bench. */
  readonly handovers: number;
  readonly kills: number;
  readonly standbys: number;
  /** Last line is one JSON object. */
  readonly json: boolean;
}

/** A fault in the command line, said in one sentence. */
export class BenchUsage extends Error {}

const flags = {
  transport: { type: 'string', default: 'embedded' },
  client: { type: 'string', default: 'platformatic' },
  series: { type: 'string', default: '100000' },
  'points-per-series': { type: 'string' },
  'points-per-record': { type: 'string' },
  'step-ms': { type: 'string', default: '10000' },
  hop: { type: 'string', default: '0' },
  partitions: { type: 'string', default: '4' },
  workers: { type: 'string', default: '1' },
  threads: { type: 'string', default: '0' },
  'warmup-seconds': { type: 'string', default: '10' },
  seconds: { type: 'string', default: '60' },
  preloaded: { type: 'boolean', default: false },
  producer: { type: 'string', default: 'batch' },
  rate: { type: 'string', default: '1000' },
  shares: { type: 'string', default: '' },
  planted: { type: 'string', default: '0.0001' },
  durability: { type: 'string', default: 'full' },
  handovers: { type: 'string', default: '5' },
  kills: { type: 'string', default: '2' },
  standbys: { type: 'string', default: '0' },
  save: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
} as const;

/** One line per option, for `--help` and for faults. */
export const usage = `usage: npm run bench -- <name> [${Object.keys(flags)
  .map((flag) => `--${flag}`)
  .join('] [')}]`;

/** What a record holds unless something is said: many points of each of its series, or what one agent sends at once. */
const BATCHES = { perSeries: '32', perRecord: '4096' } as const;
const SCRAPES = { perSeries: '1', perRecord: '100' } as const;

/** Reads the command line. @throws BenchUsage when an option is unknown or makes no sense. */
export function readBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args);
  const [name] = positionals;
  if (name === undefined || positionals.length > 1) throw new BenchUsage('name one bench');
  const shape = name === 'latency' ? SCRAPES : BATCHES;
  const number = (flag: keyof typeof flags): number => numberOf(flag, String(values[flag]));
  return {
    name,
    transport: oneOf('transport', values.transport, ['embedded', 'kafka']),
    client: oneOf('client', values.client, ['kafkajs', 'platformatic']),
    series: number('series'),
    pointsPerSeries: numberOf('points-per-series', values['points-per-series'] ?? shape.perSeries),
    pointsPerRecord: numberOf('points-per-record', values['points-per-record'] ?? shape.perRecord),
    stepMs: number('step-ms'),
    hop: number('hop'),
    partitions: number('partitions'),
    workers: number('workers'),
    threads: number('threads'),
    warmupSeconds: number('warmup-seconds'),
    seconds: number('seconds'),
    preloaded: values.preloaded,
    single: oneOf('producer', values.producer, ['batch', 'single']) === 'single',
    rates: numbersOf('rate', values.rate),
    shares: values.shares === '' ? [] : numbersOf('shares', values.shares),
    planted: number('planted'),
    durability: oneOf('durability', values.durability, ['full', 'normal']),
    handovers: number('handovers'),
    kills: number('kills'),
    standbys: number('standbys'),
    save: values.save,
    json: values.json,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, allowPositionals: true, strict: true });
  } catch (error) {
    throw new BenchUsage(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(flag: string, text: string): number {
  const number = Number(text);
  if (text !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new BenchUsage(`--${flag} must be a number, not "${text}"`);
}

function numbersOf(flag: string, text: string): number[] {
  return text.split(',').map((each) => numberOf(flag, each));
}

function oneOf<const T extends string>(flag: string, text: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === text);
  if (found !== undefined) return found;
  throw new BenchUsage(`--${flag} must be ${allowed.join(' or ')}, not "${text}"`);
}
