import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
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

describe('parseProcStat', () => {
  const text = [
    'cpu  10 2 30 400 5 1 2 3 7 0',
    'cpu0 4 1 10 200 2 0 1 1 0 0',
    'cpu12 6 1 20 200 3 1 1 2 0 0',
    'intr 525074 0 9',
    'ctxt 1781027',
    'btime 1795500085',
    'processes 6208',
    'procs_running 3',
    'procs_blocked 1',
    'softirq 276745 0 22031',
    '',
  ].join('\n');

  test('adds nice to user and interrupts to system, and leaves guest time in user', () => {
    const { all } = parseProcStat(text);
    expect(all).toEqual({ user: 12, system: 33, iowait: 5, steal: 3, idle: 400, total: 453 });
  });

  test('gives each core and the counts by name', () => {
    const { cores, counts } = parseProcStat(text);
    expect([...cores.keys()]).toEqual(['0', '12']);
    expect(cores.get('12')?.total).toBe(234);
    expect(counts.get('ctxt')).toBe(1781027);
    expect(counts.get('procs_blocked')).toBe(1);
  });

  test('takes kernels without iowait and steal for machines that never wait', () => {
    expect(parseProcStat('cpu 1 2 3 4\n').all).toEqual({
      user: 3,
      system: 3,
      iowait: 0,
      steal: 0,
      idle: 4,
      total: 10,
    });
  });
});

describe('parseMeminfo', () => {
  test('turns kB into bytes and leaves counts alone', () => {
    const sizes = parseMeminfo(
      'MemTotal:       24684084 kB\nActive(anon):  3 kB\nHugePages_Total:       7\nodd\n',
    );
    expect(sizes).toEqual(
      new Map([
        ['MemTotal', 24684084 * 1024],
        ['Active(anon)', 3072],
        ['HugePages_Total', 7],
      ]),
    );
  });
});

describe('parseLoadavg', () => {
  test('reads averages and the number of threads', () => {
    expect(parseLoadavg('0.03 1.22 12.16 1/95 6203\n')).toEqual({
      load1: 0.03,
      load5: 1.22,
      load15: 12.16,
      threads: 95,
    });
    expect(parseLoadavg('nonsense')).toBeUndefined();
  });
});

describe('disks', () => {
  const line = (name: string) => `   8       1 ${name} 10 0 4 0 20 0 6 0 0 700 800 0 0 0 0 0 0`;

  test('counts 512-byte sectors whatever the device', () => {
    expect(parseDiskstats(`${line('vda')}\nshort 1 x 2\n`)).toEqual([
      { device: 'vda', reads: 10, readBytes: 2048, writes: 20, writtenBytes: 3072, busyMs: 700 },
    ]);
  });

  test('keeps whole physical disks, and a partition whose disk is not shown', () => {
    const names =
      'loop0 zram0 sda sda1 sda12 nvme0n1 nvme0n1p1 mmcblk0 mmcblk0p2 dm-0 md127 sr0 xvdb1 vdz'.split(
        ' ',
      );
    const kept = physicalDisks(parseDiskstats(names.map(line).join('\n'))).map(
      (disk) => disk.device,
    );
    expect(kept).toEqual(['sda', 'nvme0n1', 'mmcblk0', 'xvdb1', 'vdz']);
  });
});

describe('interfaces', () => {
  test('reads both directions, with or without a space behind the colon', () => {
    const text = [
      'Inter-|   Receive                  |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs',
      '  eth0: 4146873484   86417    1    0    0     0          0         0  4633197   55705    2    0    0',
      'wlan0:5 6 7 0 0 0 0 0 8 9 10 0 0 0 0 0',
    ].join('\n');
    expect(parseNetDev(text)).toEqual([
      {
        device: 'eth0',
        receiveBytes: 4146873484,
        receivePackets: 86417,
        receiveErrors: 1,
        transmitBytes: 4633197,
        transmitPackets: 55705,
        transmitErrors: 2,
      },
      {
        device: 'wlan0',
        receiveBytes: 5,
        receivePackets: 6,
        receiveErrors: 7,
        transmitBytes: 8,
        transmitPackets: 9,
        transmitErrors: 10,
      },
    ]);
  });

  test('leaves out loopback and what containers and tunnels add', () => {
    const names = 'lo lo0 ifb1 veth12ab docker0 br-9f tun0 eth0 ens5 wlan0 lon0 bond0'.split(' ');
    const text = names.map((name) => `${name}: 1 2 3 4 5 6 7 8 9 10 11`).join('\n');
    expect(realInterfaces(parseNetDev(text)).map((one) => one.device)).toEqual([
      'eth0',
      'ens5',
      'wlan0',
      'lon0',
      'bond0',
    ]);
  });
});

describe('parsePressure', () => {
  test('reads totals in seconds; some kernels have no full line for the CPU', () => {
    const some = 'some avg10=1.49 avg60=0.99 avg300=1.39 total=16945486\n';
    expect(parsePressure(some)).toEqual({ someSeconds: 16.945486, fullSeconds: undefined });
    expect(
      parsePressure(`${some}full avg10=0.00 avg60=0.00 avg300=0.00 total=250000`).fullSeconds,
    ).toBe(0.25);
  });
});

describe('parseMounts', () => {
  test('keeps local storage once per device and undoes escapes', () => {
    const text = [
      'proc /proc proc rw 0 0',
      '/dev/vda / ext4 rw 0 0',
      '/dev/vda /bind ext4 rw 0 0',
      'tmpfs /tmp tmpfs rw 0 0',
      'server:/export /nfs nfs4 rw 0 0',
      '/dev/sdb1 /mnt/my\\040disk xfs rw 0 0',
      'overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0',
      '/dev/loop3 /snap/core/1 squashfs ro 0 0',
      '',
    ].join('\n');
    expect(parseMounts(text)).toEqual(['/', '/mnt/my disk']);
    expect(parseMounts('overlay / overlay rw 0 0')).toEqual(['/']);
  });
});

test('no parser throws on any text', () => {
  const words = fc.constantFrom(
    'cpu',
    'cpu0',
    'eth0:',
    'some',
    'total=',
    'kB',
    ':',
    '0',
    '-1',
    '1e9',
    '\n',
    ' ',
    '/',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(words).map((list) => list.join(' ')),
  );
  fc.assert(
    fc.property(text, (any) => {
      for (const times of parseProcStat(any).cores.values())
        expect(Number.isFinite(times.total)).toBe(true);
      parseMeminfo(any);
      parseLoadavg(any);
      physicalDisks(parseDiskstats(any));
      realInterfaces(parseNetDev(any));
      parsePressure(any);
      parseMounts(any);
    }),
  );
});
