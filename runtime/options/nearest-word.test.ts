import { describe, expect, it } from 'vitest';
import { nearestWord } from './nearest-word.ts';

describe('nearestWord', () => {
  it.each([
    ['hopp', 'hop'],
    ['transprot', 'transport'],
    ['TOPICS', 'topics'],
    ['pasword', 'password'],
  ])('finds what %s was meant to be', (word, meant) => {
    expect(nearestWord(word, ['hop', 'transport', 'topics', 'password'])).toBe(meant);
  });

  it('suggests nothing far away', () => {
    expect(nearestWord('zzz', ['hop', 'topics'])).toBeUndefined();
    expect(nearestWord('hop', [])).toBeUndefined();
  });

  it('prefers the nearer, and of two equal ones the first', () => {
    expect(nearestWord('port', ['sort', 'ports', 'part'])).toBe('sort');
    expect(nearestWord('topic', ['tropics', 'topics'])).toBe('topics');
  });
});
