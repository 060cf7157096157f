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
    // The name in brackets may hold blanks; the fields after it are state, parent, …, utime 14, stime 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (!parents.has(Number(fields[1]))) return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    const seconds = (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
    return { command, seconds };
  } catch {
    // It ended while we looked.
    return undefined;
  }
}
