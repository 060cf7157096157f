import { defer, filter, finalize, map, type Observable, type SchedulerLike, timer } from 'rxjs';
import { type HostPart, procCollectors } from './host-collectors.ts';
import { type HostFiles, openHostFiles } from './host-files.ts';
import { osCollectors } from './host-os.ts';
import { HostReadings, type SampleSet } from './host-readings.ts';

/** What to sample. `host` is the value of the label `host` on every series. */
export interface HostSamplerOptions {
  readonly host: string;
  /** Where the machine's files are read; default: this machine. */
  readonly files?: HostFiles;
  /** CPU cores with a series of their own; default 64. */
  readonly maxCores?: number;
  /** Disks, mounts and interfaces watched, of each; default 8. */
  readonly maxDevices?: number;
  /** All series together; default 256. */
  readonly maxSeries?: number;
}

/** Samples this machine, one set of values per call. */
export interface HostSampler {
  /** Parts that this machine does not show, such as `network` where there is no `/proc`. */
  readonly missing: readonly string[];
  /** Values left out of the last sample because of `maxSeries`. */
  readonly omitted: number;
  /** Reads everything once; `timestampMs` is the time the values are said to hold, `nowMs` the time of the reading. */
  sample(timestampMs: number, nowMs: number): SampleSet;
  close(): void;
}

/**
 * Opens a sampler of this machine: CPU, load, memory, swap, disks, mounts, network, processes and pressure.
 *
 * From `/proc` where there is one, else what Node knows. Counters are given as the machine counts them; ratios are
 * shares of the time since the sample before, and NaN on the first.
 * Cost: reads of about nine small kernel files, synchronous, no thread and no child process.
 */
export function openHostSampler(options: HostSamplerOptions): HostSampler {
  const files = options.files ?? openHostFiles();
  const bounds = { maxCores: options.maxCores ?? 64, maxDevices: options.maxDevices ?? 8 };
  const parts: readonly HostPart[] =
    files.readText('/proc/stat') === undefined
      ? osCollectors(files, bounds.maxCores)
      : procCollectors(files, bounds);
  const readings = new HostReadings(options.host, options.maxSeries ?? 256);
  let readMs = Number.NaN;
  return {
    missing: parts.filter((part) => part.collect === undefined).map((part) => part.part),
    get omitted() {
      return readings.omitted;
    },
    sample(timestampMs, nowMs) {
      readings.begin();
      for (const { collect } of parts) collect?.(readings, nowMs - readMs);
      readMs = nowMs;
      return readings.finish(timestampMs);
    },
    close: () => files.close(),
  };
}

/** When to sample. `scheduler` is the clock and the timer. */
export interface SampleTimes {
  readonly scheduler: SchedulerLike;
  /** Default 1000. */
  readonly intervalMs?: number;
}

/**
 * Samples at a fixed rate from the moment of subscription until it is unsubscribed, then closes the sampler.
 *
 * Timestamps stand on whole multiples of the interval, the nearest to the reading, and always rise: a tick that a busy
 * machine delayed into its neighbour's place gives nothing. Regular times make packed series small.
 */
export function hostSamples(open: () => HostSampler, times: SampleTimes): Observable<SampleSet> {
  const { scheduler, intervalMs = 1000 } = times;
  return defer(() => {
    const sampler = open();
    let lastMs = Number.NEGATIVE_INFINITY;
    return timer(0, intervalMs, scheduler).pipe(
      map(() => scheduler.now()),
      filter((nowMs) => nearest(nowMs, intervalMs) > lastMs),
      map((nowMs) => {
        lastMs = nearest(nowMs, intervalMs);
        return sampler.sample(lastMs, nowMs);
      }),
      finalize(() => sampler.close()),
    );
  });
}

function nearest(nowMs: number, intervalMs: number): number {
  return Math.round(nowMs / intervalMs) * intervalMs;
}
