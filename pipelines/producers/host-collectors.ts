import type { HostFiles } from './host-files.ts';
import {
  type CpuTimes,
  type DiskCounters,
  parseDiskstats,
  parseLoadavg,
  parseMeminfo,
  parseMounts,
  parseNetDev,
  parsePressure,
  parseProcStat,
  physicalDisks,
  realInterfaces,
} from './host-proc.ts';
import type { HostMetric, HostReadings } from './host-readings.ts';

/** Reads one part of the machine into the readings of a tick; `elapsedMs` is the time since the tick before, NaN at first. */
export type HostCollector = (readings: HostReadings, elapsedMs: number) => void;

/** One part of the machine, what its figures come from, and whether this machine has it. */
export interface HostPart {
  readonly part: string;
  readonly collect: HostCollector | undefined;
}

/** How many devices of each kind are watched; more are left out so that the number of series stays bounded. */
export interface HostBounds {
  readonly maxCores: number;
  readonly maxDevices: number;
}

/** Lists the parts of a Linux machine; a part without its file has no collector. */
export function procCollectors(files: HostFiles, bounds: HostBounds): readonly HostPart[] {
  const has = (path: string) => files.readText(path) !== undefined;
  const part = (name: string, path: string, collect: HostCollector): HostPart => ({
    part: name,
    collect: has(path) ? collect : undefined,
  });
  return [
    part('cpu', '/proc/stat', cpuCollector(files, bounds)),
    part('load', '/proc/loadavg', loadCollector(files)),
    part('memory', '/proc/meminfo', memoryCollector(files)),
    part('disk', '/proc/diskstats', diskCollector(files, bounds)),
    part('filesystem', '/proc/mounts', spaceCollector(files, bounds)),
    part('network', '/proc/net/dev', networkCollector(files, bounds)),
    ...['cpu', 'io', 'memory'].map((resource) =>
      part(
        `pressure.${resource}`,
        `/proc/pressure/${resource}`,
        pressureCollector(files, resource),
      ),
    ),
  ];
}

const cpuUsage = ratio('node_cpu_usage_ratio', 'cpu');
const cpuAllUsage = ratio('node_cpu_all_usage_ratio');
const cpuAllMode = ratio('node_cpu_all_mode_ratio', 'mode');
const contextSwitches = counter('node_context_switches_total', '1');
const forks = counter('node_forks_total', '1');
const running = gauge('node_procs_running', '1');
const blocked = gauge('node_procs_blocked', '1');
const processes = gauge('node_processes', '1');

/**
 * Names the CPU ratios, for every collector that has CPU times: usage is the time that was neither idle nor waiting
 * for I/O. NaN on the first tick and when no time passed.
 */
export function putCpu(
  readings: HostReadings,
  now: ReadonlyMap<string, CpuTimes>,
  before: ReadonlyMap<string, CpuTimes>,
  maxCores: number,
): void {
  const all = cpuShare(now.get(''), before.get(''));
  readings.put(cpuAllUsage, all.usage);
  for (const mode of ['user', 'system', 'iowait', 'steal'] as const)
    readings.put(cpuAllMode, all[mode], mode);
  let left = maxCores;
  for (const [core, times] of now) {
    if (core === '' || left-- <= 0) continue;
    readings.put(cpuUsage, cpuShare(times, before.get(core)).usage, core);
  }
}

function cpuShare(now: CpuTimes | undefined, before: CpuTimes | undefined) {
  const total = now === undefined || before === undefined ? 0 : now.total - before.total;
  const share = (mode: 'user' | 'system' | 'iowait' | 'steal' | 'idle') =>
    // Idle and iowait of the kernel may run backwards by a tick.
    total <= 0 ? Number.NaN : clamp(((now?.[mode] ?? 0) - (before?.[mode] ?? 0)) / total);
  return {
    user: share('user'),
    system: share('system'),
    iowait: share('iowait'),
    steal: share('steal'),
    usage: clamp(1 - share('idle') - share('iowait')),
  };
}

function cpuCollector(files: HostFiles, { maxCores }: HostBounds): HostCollector {
  let before: ReadonlyMap<string, CpuTimes> = new Map();
  return (readings) => {
    const stat = parseProcStat(files.readText('/proc/stat') ?? '');
    const now = new Map(stat.cores);
    if (stat.all !== undefined) now.set('', stat.all);
    putCpu(readings, now, before, maxCores);
    before = now;
    readings.put(contextSwitches, stat.counts.get('ctxt'));
    readings.put(forks, stat.counts.get('processes'));
    readings.put(running, stat.counts.get('procs_running'));
    readings.put(blocked, stat.counts.get('procs_blocked'));
    readings.put(processes, files.countProcesses());
  };
}

const load1 = gauge('node_load1', '1');
const load5 = gauge('node_load5', '1');
const load15 = gauge('node_load15', '1');
const threads = gauge('node_threads', '1');

/** Names the load averages, for every collector that has them. */
export function putLoad(readings: HostReadings, averages: readonly (number | undefined)[]): void {
  readings.put(load1, averages[0]);
  readings.put(load5, averages[1]);
  readings.put(load15, averages[2]);
}

function loadCollector(files: HostFiles): HostCollector {
  return (readings) => {
    const load = parseLoadavg(files.readText('/proc/loadavg') ?? '');
    putLoad(readings, [load?.load1, load?.load5, load?.load15]);
    readings.put(threads, load?.threads);
  };
}

const memoryUsed = gauge('node_memory_used_bytes', 'By');
const memoryAvailable = gauge('node_memory_available_bytes', 'By');
const memoryCached = gauge('node_memory_cached_bytes', 'By');
const memoryUsedRatio = ratio('node_memory_used_ratio');
const swapUsed = gauge('node_memory_swap_used_bytes', 'By');

/** Names the memory sizes, for every collector that has them. Used is all that is not available. */
export function putMemory(
  readings: HostReadings,
  totalBytes: number,
  availableBytes: number,
): void {
  readings.put(memoryUsed, totalBytes - availableBytes);
  readings.put(memoryUsedRatio, clamp((totalBytes - availableBytes) / totalBytes));
  readings.put(memoryAvailable, availableBytes);
}

function memoryCollector(files: HostFiles): HostCollector {
  return (readings) => {
    const sizes = parseMeminfo(files.readText('/proc/meminfo') ?? '');
    const total = sizes.get('MemTotal');
    const available = sizes.get('MemAvailable') ?? sizes.get('MemFree');
    if (total !== undefined && available !== undefined) putMemory(readings, total, available);
    readings.put(memoryCached, sizes.get('Cached'));
    const swapTotal = sizes.get('SwapTotal') ?? 0;
    if (swapTotal > 0) readings.put(swapUsed, swapTotal - (sizes.get('SwapFree') ?? 0));
  };
}

const diskRead = counter('node_disk_read_bytes_total', 'By', 'device');
const diskWritten = counter('node_disk_written_bytes_total', 'By', 'device');
const diskReads = counter('node_disk_reads_completed_total', '1', 'device');
const diskWrites = counter('node_disk_writes_completed_total', '1', 'device');
const diskBusy = ratio('node_disk_busy_ratio', 'device');

function diskCollector(files: HostFiles, { maxDevices }: HostBounds): HostCollector {
  let before: ReadonlyMap<string, DiskCounters> = new Map();
  return (readings, elapsedMs) => {
    const disks = physicalDisks(parseDiskstats(files.readText('/proc/diskstats') ?? ''));
    for (const disk of disks.slice(0, maxDevices)) {
      const busyMs = disk.busyMs - (before.get(disk.device)?.busyMs ?? Number.NaN);
      readings.put(diskRead, disk.readBytes, disk.device);
      readings.put(diskWritten, disk.writtenBytes, disk.device);
      readings.put(diskReads, disk.reads, disk.device);
      readings.put(diskWrites, disk.writes, disk.device);
      readings.put(diskBusy, clamp(busyMs / elapsedMs), disk.device);
    }
    before = new Map(disks.map((disk) => [disk.device, disk]));
  };
}

const spaceAvailable = gauge('node_filesystem_avail_bytes', 'By', 'mountpoint');
const spaceUsed = ratio('node_filesystem_used_ratio', 'mountpoint');

/** Names the space of a mount point; the ratio is `df`'s: reserved blocks count neither as used nor as free. */
export function putSpace(files: HostFiles, readings: HostReadings, path: string): void {
  const space = files.mountSpace(path);
  if (space === undefined || space.sizeBytes === 0) return;
  const used = space.sizeBytes - space.freeBytes;
  readings.put(spaceAvailable, space.availableBytes, path);
  readings.put(spaceUsed, clamp(used / (used + space.availableBytes)), path);
}

function spaceCollector(files: HostFiles, { maxDevices }: HostBounds): HostCollector {
  return (readings) => {
    const paths = parseMounts(files.readText('/proc/mounts') ?? '');
    for (const path of paths.slice(0, maxDevices)) putSpace(files, readings, path);
  };
}

const received = counter('node_network_receive_bytes_total', 'By', 'device');
const receivedPackets = counter('node_network_receive_packets_total', '1', 'device');
const receiveErrors = counter('node_network_receive_errs_total', '1', 'device');
const transmitted = counter('node_network_transmit_bytes_total', 'By', 'device');
const transmittedPackets = counter('node_network_transmit_packets_total', '1', 'device');
const transmitErrors = counter('node_network_transmit_errs_total', '1', 'device');

function networkCollector(files: HostFiles, { maxDevices }: HostBounds): HostCollector {
  return (readings) => {
    const interfaces = realInterfaces(parseNetDev(files.readText('/proc/net/dev') ?? ''));
    for (const one of interfaces.slice(0, maxDevices)) {
      readings.put(received, one.receiveBytes, one.device);
      readings.put(receivedPackets, one.receivePackets, one.device);
      readings.put(receiveErrors, one.receiveErrors, one.device);
      readings.put(transmitted, one.transmitBytes, one.device);
      readings.put(transmittedPackets, one.transmitPackets, one.device);
      readings.put(transmitErrors, one.transmitErrors, one.device);
    }
  };
}

function pressureCollector(files: HostFiles, resource: string): HostCollector {
  const waiting = counter(`node_pressure_${resource}_waiting_seconds_total`, 's');
  const stalled = counter(`node_pressure_${resource}_stalled_seconds_total`, 's');
  return (readings) => {
    const totals = parsePressure(files.readText(`/proc/pressure/${resource}`) ?? '');
    readings.put(waiting, totals.someSeconds);
    // The whole machine never stalls on its CPU: the kernel writes a constant 0 there.
    if (resource !== 'cpu') readings.put(stalled, totals.fullSeconds);
  };
}

function gauge(name: string, unit: string, label?: string): HostMetric {
  return { name, kind: 'GAUGE', unit, ...(label === undefined ? {} : { label }) };
}

function ratio(name: string, label?: string): HostMetric {
  return gauge(name, '1', label);
}

function counter(name: string, unit: string, label?: string): HostMetric {
  return { ...gauge(name, unit, label), kind: 'COUNTER' };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
