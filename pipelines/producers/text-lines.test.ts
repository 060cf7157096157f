import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readLines, type TextChunks } from './text-lines.ts';

async function lines(chunks: TextChunks, maxLineLength?: number): Promise<(string | null)[]> {
  const all: (string | null)[] = [];
  for await (const group of readLines(chunks, maxLineLength)) {
    for (const line of group) {
      all.push(line.text);
      expect(line.number).toBe(all.length);
    }
  }
  return all;
}

describe('readLines', () => {
  test('takes both line ends, a last line without one, and drops a byte order mark', async () => {
    expect(await lines([Buffer.from('\ufeffa\r\nb\n\nc')])).toEqual(['a', 'b', '', 'c']);
    expect(await lines(['a\n'])).toEqual(['a']);
    expect(await lines([])).toEqual([]);
  });

  test('lets go of a line that is too long and keeps its neighbours, whatever the cut', async () => {
    const text = `ab\n${'x'.repeat(50)}\ncd\n${'y'.repeat(10)}\n${'z'.repeat(11)}`;
    const expected = ['ab', null, 'cd', 'y'.repeat(10), null];
    expect(await lines([text], 10)).toEqual(expected);
    expect(await lines([...text], 10)).toEqual(expected);
  });

  test('gives the same lines for any cut of the bytes', async () => {
    const text = fc.array(
      fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r\n', 'é', '🙂')),
    );
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 7 }), async (parts, size) => {
        const bytes = Buffer.from(parts.join(''));
        const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
          bytes.subarray(i * size, (i + 1) * size),
        );
        const whole = new TextDecoder()
          .decode(bytes)
          .split('\n')
          .map((line) => line.replace(/\r$/, ''));
        if (whole.at(-1) === '' && !bytes.toString().endsWith('\r')) whole.pop();
        expect(await lines(pieces)).toEqual(whole);
      }),
    );
  });

  test('cuts one huge piece into bounded groups', async () => {
    const sizes: number[] = [];
    for await (const group of readLines(['x\n'.repeat(5000)])) sizes.push(group.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(5000);
  });
});
