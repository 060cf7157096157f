import { readdirSync, readFileSync } from 'node:fs';

/** CPU seconds by what spent them; `worker` is everything in this process but the generator. */
export interface CpuSeconds {
  readonly worker: number;
  readonly generator: number;
  readonly broker: number;
  readonly registry: number;
  readonly total: number;
}

/** The kernel counts in hundredths of a second (USER_HZ), whatever the machine. */
const TICKS_PER_SECOND = 100;

/**
 * Reads the CPU time of this process and of everything it started, told apart by command line.
 *
 * The generator is a thread of this process and reports its own time, without the garbage collector’s threads.
 */
export class CpuMeter {
  /** CPU seconds of the generator’s thread so far; written by whoever hears from it. */
  generatorSeconds = 0;

  read(): CpuSeconds {
    const own = process.cpuUsage();
    let worker = (own.user + own.system) / 1e6 - this.generatorSeconds;
    let broker = 0;
    let registry = 0;
    for (const { command, seconds } of descendants(process.pid)) {
      if (command.includes('kafka.Kafka')) broker += seconds;
      else if (command.includes('apicurio')) registry += seconds;
      else worker += seconds;
    }
    const generator = this.generatorSeconds;
    return { worker, generator, broker, registry, total: worker + generator + broker + registry };
  }
}

/** What was spent between two readings, as nanoseconds per point, by who spent it. */
export function cpuPerPoint(from: CpuSeconds, to: CpuSeconds, points: number): CpuSeconds {
  const per = (name: keyof CpuSeconds): number =>
    Math.round(((to[name] - from[name]) * 1e9) / points);
  return {
    worker: per('worker'),
    generator: per('generator'),
    broker: per('broker'),
    registry: per('registry'),
    total: per('total'),
  };
}

/** CPU seconds of this process by kind of thread. */
export type ThreadSeconds = Readonly<Record<ThreadKind, number>>;

type ThreadKind = 'main' | 'kernels' | 'log' | 'generator' | 'pool' | 'engine';

/** Threads by the name that the kernel has of them; `pool` compresses for Kafka and reads files; all others are the engine’s: garbage collection, compilation. */
const threadKinds: Readonly<Record<string, ThreadKind>> = {
  MainThread: 'main',
  node: 'main',
  WorkerThread: 'kernels',
  'vigie-log': 'log',
  'vigie-bench': 'generator',
  'libuv-worker': 'pool',
};

/** Reads the CPU time of this process’ threads that still live. */
export function threadSeconds(): ThreadSeconds {
  const sums = { main: 0, kernels: 0, log: 0, generator: 0, pool: 0, engine: 0 };
  for (const thread of readdirSync('/proc/self/task')) {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    sums[threadKinds[name] ?? 'engine'] += secondsOf(stat);
  }
  return sums;
}

/** Nanoseconds per point of each kind of thread between two readings. */
export function threadsPerPoint(
  from: ThreadSeconds,
  to: ThreadSeconds,
  points: number,
): ThreadSeconds {
  const per = (kind: ThreadKind): number => Math.round(((to[kind] - from[kind]) * 1e9) / points);
  return {
    main: per('main'),
    kernels: per('kernels'),
    log: per('log'),
    generator: per('generator'),
    pool: per('pool'),
    engine: per('engine'),
  };
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number = process.pid): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

interface ChildProcess {
  readonly command: string;
  readonly seconds: number;
}

function descendants(root: number): ChildProcess[] {
  const found: ChildProcess[] = [];
  const parents = new Set([root]);
  // Children have higher numbers than their parents but for a wrap, so one pass in order finds all.
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  for (const pid of pids.sort((a, b) => a - b)) {
    const read = readChild(pid, parents);
    if (read === undefined) continue;
    parents.add(pid);
    found.push(read);
  }
  return found;
}

function readChild(pid: number, parents: ReadonlySet<number>): ChildProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    if (!parents.has(Number(fieldsOf(stat)[1]))) return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const seconds = secondsOf(stat);
    return { command, seconds };
  } catch {
    // It ended while we looked.
    return undefined;
  }
}

/** Fields of a `stat` file from the third on; the name before them, in brackets, may hold blanks. */
function fieldsOf(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function secondsOf(stat: string): number {
  const fields = fieldsOf(stat);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
