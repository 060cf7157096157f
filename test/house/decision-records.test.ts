import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'docs', 'decisions');
const names = readdirSync(folder).sort();

it('decisions are numbered one after another, each number once', () => {
  const numbers = names.map((name) => Number(name.slice(0, 4)));
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});

it('the heading of a decision has the number of its file', () => {
  for (const name of names) {
    const [heading] = readFileSync(join(folder, name), 'utf8').split('\n');
    expect(heading, name).toMatch(new RegExp(`^# ${name.slice(0, 4)}: `));
  }
});
