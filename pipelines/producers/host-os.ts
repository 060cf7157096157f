import { cpus, freemem, loadavg, platform, totalmem } from 'node:os';
import { type HostPart, putCpu, putLoad, putMemory, putSpace } from './host-collectors.ts';
import type { HostFiles } from './host-files.ts';
import type { CpuTimes } from './host-proc.ts';

/**
 * Lists what Node can tell of a machine without `/proc`: CPU (no iowait or steal), load (not on Windows), memory
 * (no cache or swap) and the space of the system's disk. The other parts are listed without a collector.
 */
export function osCollectors(files: HostFiles, maxCores: number): readonly HostPart[] {
  let before: ReadonlyMap<string, CpuTimes> = new Map();
  const windows = platform() === 'win32';
  return [
    {
      part: 'cpu',
      collect: (readings) => {
        const now = osCpuTimes();
        putCpu(readings, now, before, maxCores);
        before = now;
      },
    },
    { part: 'load', collect: windows ? undefined : (readings) => putLoad(readings, loadavg()) },
    { part: 'memory', collect: (readings) => putMemory(readings, totalmem(), freemem()) },
    {
      part: 'filesystem',
      collect: (readings) => putSpace(files, readings, windows ? 'C:\\' : '/'),
    },
    ...['disk', 'network', 'pressure.cpu', 'pressure.io', 'pressure.memory'].map((part) => ({
      part,
      collect: undefined,
    })),
  ];
}

function osCpuTimes(): ReadonlyMap<string, CpuTimes> {
  const times = new Map<string, CpuTimes>();
  const all = { user: 0, system: 0, iowait: 0, steal: 0, idle: 0, total: 0 };
  for (const [core, { times: spent }] of cpus().entries()) {
    const user = spent.user + spent.nice;
    const system = spent.sys + spent.irq;
    times.set(String(core), {
      ...all,
      user,
      system,
      idle: spent.idle,
      total: user + system + spent.idle,
    });
  }
  for (const core of times.values()) {
    all.user += core.user;
    all.system += core.system;
    all.idle += core.idle;
    all.total += core.total;
  }
  return times.set('', all);
}
