/** Time of one CPU (or all) since boot by mode, in clock ticks. `guest` is part of `user` already. */
export interface CpuTimes {
  readonly user: number;
  readonly system: number;
  readonly iowait: number;
  readonly steal: number;
  readonly idle: number;
  /** All modes together, `idle` and `iowait` included. */
  readonly total: number;
}

/** What `/proc/stat` tells. */
export interface ProcStat {
  readonly all: CpuTimes | undefined;
  /** By CPU number as text. */
  readonly cores: ReadonlyMap<string, CpuTimes>;
  /** `ctxt`, `processes` (forks), `procs_running`, `procs_blocked`. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Parses `/proc/stat`; lines it does not know are left out, absent numbers count as 0. */
export function parseProcStat(text: string): ProcStat {
  let all: CpuTimes | undefined;
  const cores = new Map<string, CpuTimes>();
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    // The `intr` line has a thousand numbers that nobody reads.
    if (line.startsWith('intr') || line.startsWith('softirq')) continue;
    const words = line.split(/\s+/);
    const name = words[0] ?? '';
    if (name === 'cpu') all = cpuTimes(words);
    else if (name.startsWith('cpu')) cores.set(name.slice(3), cpuTimes(words));
    else if (name !== '' && words.length >= 2) counts.set(name, whole(words[1]));
  }
  return { all, cores, counts };
}

function cpuTimes(words: readonly string[]): CpuTimes {
  const [user, nice, system, idle, iowait, irq, softirq, steal] = words.slice(1, 9).map(whole);
  const times = {
    user: (user ?? 0) + (nice ?? 0),
    system: (system ?? 0) + (irq ?? 0) + (softirq ?? 0),
    iowait: iowait ?? 0,
    steal: steal ?? 0,
    idle: idle ?? 0,
  };
  return { ...times, total: times.user + times.system + times.iowait + times.steal + times.idle };
}

/** Parses `/proc/meminfo` into bytes by name; counts without a unit (`HugePages_Total`) stay counts. */
export function parseMeminfo(text: string): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^([^:\s]+):\s+(\d+)( kB)?\s*$/.exec(line);
    if (match?.[1] === undefined) continue;
    sizes.set(match[1], Number(match[2]) * (match[3] === undefined ? 1 : 1024));
  }
  return sizes;
}

/** What `/proc/loadavg` tells: the three averages and the number of threads of the machine. */
export interface LoadAverages {
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  readonly threads: number;
}

/** Parses `/proc/loadavg`, or returns undefined where it is something else. */
export function parseLoadavg(text: string): LoadAverages | undefined {
  const match = /^([\d.]+) ([\d.]+) ([\d.]+) \d+\/(\d+)/.exec(text);
  if (match === null) return undefined;
  const [load1, load5, load15, threads] = match.slice(1).map(Number);
  return { load1: load1 ?? 0, load5: load5 ?? 0, load15: load15 ?? 0, threads: threads ?? 0 };
}

/** Work of one block device since boot. */
export interface DiskCounters {
  readonly device: string;
  readonly reads: number;
  readonly readBytes: number;
  readonly writes: number;
  readonly writtenBytes: number;
  /** Milliseconds in which at least one request was under way. */
  readonly busyMs: number;
}

/** `/proc/diskstats` counts in units of 512 bytes, whatever the device's sectors are. */
const DISKSTAT_SECTOR_BYTES = 512;

/** Parses `/proc/diskstats`, all devices. Short lines (kernels before 2.6.25 gave partitions fewer fields) are left out. */
export function parseDiskstats(text: string): readonly DiskCounters[] {
  const disks: DiskCounters[] = [];
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    const device = words[2];
    if (device === undefined || words.length < 14) continue;
    disks.push({
      device,
      reads: whole(words[3]),
      readBytes: whole(words[5]) * DISKSTAT_SECTOR_BYTES,
      writes: whole(words[7]),
      writtenBytes: whole(words[9]) * DISKSTAT_SECTOR_BYTES,
      busyMs: whole(words[12]),
    });
  }
  return disks;
}

/**
 * Keeps whole physical disks: no loop, RAM, optical, network-block or stacked (device-mapper, RAID) devices, whose work
 * is counted on the disks below, and no partition of a disk that is in the list itself.
 */
export function physicalDisks(disks: readonly DiskCounters[]): readonly DiskCounters[] {
  const names = new Set(disks.map((disk) => disk.device));
  return disks.filter(({ device }) => {
    if (/^(?:loop|ram|zram|sr|fd|dm-|md|nbd|drbd)\d*/.test(device)) return false;
    const parent = /^(.*?\d)p\d+$/.exec(device)?.[1] ?? /^(.*?\D)\d+$/.exec(device)?.[1];
    return parent === undefined || !names.has(parent);
  });
}

/** Traffic of one network interface since it came up. */
export interface NetCounters {
  readonly device: string;
  readonly receiveBytes: number;
  readonly receivePackets: number;
  readonly receiveErrors: number;
  readonly transmitBytes: number;
  readonly transmitPackets: number;
  readonly transmitErrors: number;
}

/** Parses `/proc/net/dev`, all interfaces; the two lines of headings have no colon and fall out. */
export function parseNetDev(text: string): readonly NetCounters[] {
  const interfaces: NetCounters[] = [];
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const words = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/);
    if (words.length < 11) continue;
    interfaces.push({
      device: line.slice(0, colon).trim(),
      receiveBytes: whole(words[0]),
      receivePackets: whole(words[1]),
      receiveErrors: whole(words[2]),
      transmitBytes: whole(words[8]),
      transmitPackets: whole(words[9]),
      transmitErrors: whole(words[10]),
    });
  }
  return interfaces;
}

/** Leaves out loopback, container ends, bridges and tunnels: their traffic is seen on a real interface too. */
export function realInterfaces(interfaces: readonly NetCounters[]): readonly NetCounters[] {
  return interfaces.filter(
    ({ device }) =>
      !/^(?:lo\d*$|veth|docker|br-|virbr|ifb|dummy|tun|tap|cali|cni|flannel|lxc|lxd|vnet|sit|ip6|gre|tunl|erspan|nodelocaldns|kube)/.test(
        device,
      ),
  );
}

/** Seconds since boot in which some, or all, runnable tasks waited for a resource. */
export interface PressureTotals {
  readonly someSeconds: number | undefined;
  readonly fullSeconds: number | undefined;
}

/** Parses a file of `/proc/pressure`; its totals are microseconds. */
export function parsePressure(text: string): PressureTotals {
  const some = /^some .*total=(\d+)/m.exec(text)?.[1];
  const full = /^full .*total=(\d+)/m.exec(text)?.[1];
  return {
    someSeconds: some === undefined ? undefined : Number(some) / 1e6,
    fullSeconds: full === undefined ? undefined : Number(full) / 1e6,
  };
}

/** File systems on local storage; network and FUSE mounts are left out because asking their size can hang. */
const LOCAL_FILE_SYSTEMS = new Set(
  'ext2 ext3 ext4 xfs btrfs zfs f2fs jfs reiserfs bcachefs vfat exfat ntfs ntfs3 overlay'.split(
    ' ',
  ),
);

/**
 * Parses `/proc/mounts` into mount points on local storage, once per device (bind mounts fall out), escapes undone.
 * `overlay` counts only as the root: a container's own disk.
 */
export function parseMounts(text: string): readonly string[] {
  const devices = new Set<string>();
  const mountPoints: string[] = [];
  for (const line of text.split('\n')) {
    const [device, path, type] = line.split(' ');
    if (device === undefined || path === undefined || type === undefined) continue;
    if (!LOCAL_FILE_SYSTEMS.has(type) || (type === 'overlay' && path !== '/')) continue;
    if (devices.has(device) || /^\/(?:snap|boot\/efi)/.test(path)) continue;
    devices.add(device);
    mountPoints.push(unescapeMount(path));
  }
  return mountPoints;
}

function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function whole(word: string | undefined): number {
  const value = Number(word);
  return Number.isFinite(value) ? value : 0;
}
