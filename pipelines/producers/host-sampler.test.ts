import { VirtualTimeScheduler } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { type HostFiles, openHostFiles } from './host-files.ts';
import type { SampleSet } from './host-readings.ts';
import { hostSamples, openHostSampler } from './host-sampler.ts';

/** A machine made of captured text, changed by the test between samples. */
class CapturedMachine implements HostFiles {
  readonly texts = new Map<string, string>();
  closed = false;

  constructor() {
    this.cpu(10, 70, 20);
    this.texts.set('/proc/loadavg', '0.50 0.40 0.30 1/95 6203\n');
    this.texts.set(
      '/proc/meminfo',
      'MemTotal: 100 kB\nMemAvailable: 60 kB\nCached: 20 kB\nSwapTotal: 0 kB\n',
    );
    this.texts.set('/proc/mounts', '/dev/vda / ext4 rw 0 0\n');
    this.texts.set('/proc/net/dev', 'eth0: 1 2 3 0 0 0 0 0 4 5 6 0 0 0 0 0\n');
    this.disk('vda', 0);
  }

  cpu(user: number, idle: number, iowait: number): void {
    const times = `${user} 0 0 ${idle} ${iowait} 0 0 0 0 0`;
    this.texts.set('/proc/stat', `cpu  ${times}\ncpu0 ${times}\nctxt 99\nprocs_running 2\n`);
  }

  disk(devices: string, busyMs: number): void {
    const line = (device: string) => `8 0 ${device} 10 0 4 0 20 0 6 0 0 ${busyMs} 0`;
    this.texts.set('/proc/diskstats', devices.split(' ').map(line).join('\n'));
  }

  readText(path: string): string | undefined {
    return this.texts.get(path);
  }

  countProcesses(): number {
    return 42;
  }

  mountSpace() {
    return { sizeBytes: 1000, freeBytes: 300, availableBytes: 100 };
  }

  close(): void {
    this.closed = true;
  }
}

function valueIn(
  set: SampleSet,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = JSON.stringify({ host: 'h', ...labels });
  const at = set.series.findIndex(
    (series) => series.name === name && JSON.stringify(series.labels) === wanted,
  );
  return at < 0 ? undefined : set.values[at];
}

describe('openHostSampler', () => {
  test('gives ratios as shares of the time since the sample before', () => {
    const machine = new CapturedMachine();
    const sampler = openHostSampler({ host: 'h', files: machine });
    const first = sampler.sample(0, 0);
    expect(valueIn(first, 'node_cpu_all_usage_ratio')).toBeNaN();
    expect(valueIn(first, 'node_disk_busy_ratio', { device: 'vda' })).toBeNaN();
    machine.cpu(10 + 30, 70 + 60, 20 + 10);
    machine.disk('vda', 250);
    const second = sampler.sample(1000, 1000);
    expect(valueIn(second, 'node_cpu_all_usage_ratio')).toBeCloseTo(0.3);
    expect(valueIn(second, 'node_cpu_usage_ratio', { cpu: '0' })).toBeCloseTo(0.3);
    expect(valueIn(second, 'node_cpu_all_mode_ratio', { mode: 'iowait' })).toBeCloseTo(0.1);
    expect(valueIn(second, 'node_disk_busy_ratio', { device: 'vda' })).toBeCloseTo(0.25);
  });

  test('gives gauges in base units and counters as the machine counts them', () => {
    const set = openHostSampler({ host: 'h', files: new CapturedMachine() }).sample(5000, 5000);
    expect(set.timestampMs).toBe(5000);
    expect(valueIn(set, 'node_memory_used_bytes')).toBe(40 * 1024);
    expect(valueIn(set, 'node_memory_used_ratio')).toBeCloseTo(0.4);
    expect(valueIn(set, 'node_memory_cached_bytes')).toBe(20 * 1024);
    expect(valueIn(set, 'node_memory_swap_used_bytes')).toBeUndefined();
    expect(valueIn(set, 'node_filesystem_used_ratio', { mountpoint: '/' })).toBeCloseTo(700 / 800);
    expect(valueIn(set, 'node_network_transmit_errs_total', { device: 'eth0' })).toBe(6);
    expect(valueIn(set, 'node_processes')).toBe(42);
    expect(valueIn(set, 'node_load15')).toBe(0.3);
    const counters = set.series.filter((series) => series.kind === 'COUNTER');
    expect(counters.every((series) => series.name.endsWith('_total'))).toBe(true);
    expect(set.series.filter((series) => series.name.endsWith('_total'))).toEqual(counters);
  });

  test('clamps a ratio when the kernel counts backwards', () => {
    const machine = new CapturedMachine();
    const sampler = openHostSampler({ host: 'h', files: machine });
    sampler.sample(0, 0);
    machine.cpu(11, 80, 15);
    const set = sampler.sample(1000, 1000);
    expect(valueIn(set, 'node_cpu_all_mode_ratio', { mode: 'iowait' })).toBe(0);
    expect(valueIn(set, 'node_cpu_all_usage_ratio')).toBe(0);
  });

  test('keeps the series array while the machine stays the same, and leaves former ones alone', () => {
    const machine = new CapturedMachine();
    const sampler = openHostSampler({ host: 'h', files: machine });
    const first = sampler.sample(0, 0);
    const second = sampler.sample(1000, 1000);
    expect(second.series).toBe(first.series);
    const names = first.series.map((series) => series.name);
    machine.disk('vda vdb', 0);
    const third = sampler.sample(2000, 2000);
    expect(third.series).not.toBe(first.series);
    expect(third.series.length).toBe(first.series.length + 5);
    expect(valueIn(third, 'node_network_receive_bytes_total', { device: 'eth0' })).toBe(1);
    expect(first.series.map((series) => series.name)).toEqual(names);
    machine.disk('vda', 0);
    const fourth = sampler.sample(3000, 3000);
    expect(fourth.series).toEqual(first.series);
    expect(fourth.values.length).toBe(fourth.series.length);
  });

  test('bounds the number of series and counts what it left out', () => {
    const machine = new CapturedMachine();
    machine.disk(
      Array.from({ length: 20 }, (_, i) => `sd${String.fromCharCode(97 + i)}`).join(' '),
      0,
    );
    const devices = openHostSampler({ host: 'h', files: machine, maxDevices: 3 }).sample(0, 0);
    expect(devices.series.filter((series) => series.name === 'node_disk_busy_ratio').length).toBe(
      3,
    );
    const sampler = openHostSampler({ host: 'h', files: machine, maxSeries: 10 });
    expect(sampler.sample(0, 0).series.length).toBe(10);
    expect(sampler.omitted).toBeGreaterThan(20);
  });

  test('says which parts the machine does not show', () => {
    const machine = new CapturedMachine();
    expect(openHostSampler({ host: 'h', files: machine }).missing).toEqual([
      'pressure.cpu',
      'pressure.io',
      'pressure.memory',
    ]);
    machine.texts.clear();
    const sampler = openHostSampler({ host: 'h', files: machine });
    expect(sampler.missing).toContain('network');
    const set = sampler.sample(0, 0);
    expect(valueIn(set, 'node_memory_used_bytes')).toBeGreaterThan(0);
    expect(set.series.some((series) => series.name === 'node_cpu_usage_ratio')).toBe(true);
  });

  test('reads this machine', () => {
    const files = openHostFiles();
    const sampler = openHostSampler({ host: 'h', files });
    const set = sampler.sample(0, 0);
    expect(set.series.length).toBeGreaterThan(8);
    expect(valueIn(set, 'node_memory_used_ratio')).toBeGreaterThan(0);
    expect(files.readText('/no/such/file')).toBeUndefined();
    sampler.close();
  });
});

describe('hostSamples', () => {
  function run(endMs: number, startMs = 0) {
    const scheduler = new VirtualTimeScheduler(undefined, endMs - startMs);
    scheduler.now = () => startMs + scheduler.frame;
    const machine = new CapturedMachine();
    const sets: SampleSet[] = [];
    const subscription = hostSamples(() => openHostSampler({ host: 'h', files: machine }), {
      scheduler,
    }).subscribe((set) => sets.push(set));
    scheduler.flush();
    return { sets, subscription, machine };
  }

  test('stands on whole multiples of the interval', () => {
    const { sets } = run(4000, 730);
    expect(sets.map((set) => set.timestampMs)).toEqual([1000, 2000, 3000, 4000]);
  });

  test('closes the files when it is unsubscribed', () => {
    const { subscription, machine } = run(2000);
    expect(machine.closed).toBe(false);
    subscription.unsubscribe();
    expect(machine.closed).toBe(true);
  });

  test('drops a tick that comes in the place of the one before', () => {
    const scheduler = new VirtualTimeScheduler(undefined, 4000);
    const readings = [100, 1490, 1510, 1900, 3000];
    scheduler.now = () => readings.shift() ?? 9000;
    const times: number[] = [];
    hostSamples(() => openHostSampler({ host: 'h', files: new CapturedMachine() }), {
      scheduler,
    }).subscribe((set) => times.push(set.timestampMs));
    scheduler.flush();
    expect(new Set(times).size).toBe(times.length);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.length).toBeLessThan(5);
  });
});
