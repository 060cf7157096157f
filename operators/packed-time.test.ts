import { describe, expect, it } from 'vitest';
import { LATEST_MS, readTime, readTimeMarks, writeTime } from './packed-time.ts';

describe('a packed time', () => {
  it.each([0, 1, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 1_795_521_600_123, LATEST_MS])(
    '%d comes back, with both marks beside it and nothing beyond touched',
    (ms) => {
      const words = new Uint16Array(new SharedArrayBuffer(10)).fill(0xffff);
      for (const marks of [0, 1, 2, 3]) {
        writeTime(words, 1, ms, marks);
        expect([readTime(words, 1), readTimeMarks(words, 1)]).toEqual([ms, marks]);
      }
      expect([words[0], words[4]]).toEqual([0xffff, 0xffff]);
    },
  );
});
