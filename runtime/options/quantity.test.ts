import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDurationMs,
  quantityOf,
  readBytes,
  readDurationMs,
  readQuantity,
  readRatio,
} from './quantity.ts';

describe('readDurationMs', () => {
  it.each([
    ['500ms', 500],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['7d', 604_800_000],
    ['1.5s', 1500],
  ])('reads %s', (text, ms) => {
    expect(readDurationMs(text)).toBe(ms);
  });

  it.each(['', '5', 'm', '5 m', '5min', '-5m', '5m!', 'm5'])('refuses %j', (text) => {
    expect(readDurationMs(text)).toBeUndefined();
  });
});

describe('readBytes', () => {
  it.each([
    ['512MiB', 512 * 1024 ** 2],
    ['64 KiB', 65_536],
    ['2GB', 2e9],
    ['10B', 10],
    ['0.5KiB', 512],
  ])('reads %s', (text, bytes) => {
    expect(readBytes(text)).toBe(bytes);
  });

  it.each(['512', '512M', '1 KIB', 'MiB'])('refuses %j', (text) => {
    expect(readBytes(text)).toBeUndefined();
  });
});

describe('readQuantity', () => {
  it('goes by the name of the option', () => {
    expect(readQuantity('windowMs', '5m')).toBe(300_000);
    expect(readQuantity('maxBytes', '5m')).toBeUndefined();
    expect(readQuantity('maxBytes', '1KiB')).toBe(1024);
    expect(readQuantity('minRel', '5%')).toBe(0.05);
    expect(readQuantity('minRel', '1_000')).toBe(1000);
    expect(readQuantity('hop', 'abc')).toBeUndefined();
  });

  it('takes Ms and Bytes for units only at the end of a name', () => {
    expect(quantityOf('Msgs')).toBe('plain');
    expect(quantityOf('kernelTimeoutMs')).toBe('duration');
    expect(quantityOf('maxRecordBytes')).toBe('size');
  });
});

describe('formatting', () => {
  it.each([0, 1, 999, 1000, 90_000, 5_400_000, 604_800_000, 86_461_001])(
    'writes %d ms so that it reads back',
    (ms) => {
      expect(readDurationMs(formatDurationMs(ms))).toBe(ms);
    },
  );

  it('writes sizes in the largest unit', () => {
    expect(formatBytes(2 * 1024 ** 3)).toBe('2GiB');
    expect(formatBytes(1536)).toBe('1.5KiB');
    expect(formatBytes(12)).toBe('12B');
  });

  it('reads ratios', () => {
    expect(readRatio('5%')).toBe(0.05);
    expect(readRatio('5')).toBeUndefined();
  });
});
