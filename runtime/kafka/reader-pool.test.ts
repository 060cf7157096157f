import { expect, it } from 'vitest';
import type { KafkaClient } from './client.ts';
import { ReaderPool } from './reader-pool.ts';

function poolOf() {
  const closed: number[] = [];
  let opened = 0;
  const pool = new ReaderPool(() => {
    opened += 1;
    const number = opened;
    return { close: () => closed.push(number) } as unknown as KafkaClient;
  });
  return { pool, closed, opened: () => opened };
}

it('lends a client to one read at a time, and again after it', () => {
  const { pool, opened } = poolOf();
  const [one, other] = [pool.take(), pool.take()];
  expect(one).not.toBe(other);
  pool.give(one);
  expect(pool.take()).toBe(one);
  expect(opened()).toBe(2);
});

it('closes what it does not keep, and at its end what comes back late', () => {
  const { pool, closed } = poolOf();
  const many = Array.from({ length: 10 }, () => pool.take());
  const late = pool.take();
  for (const client of many) pool.give(client);
  expect(closed).toEqual([9, 10]);
  pool.close();
  expect(closed).toHaveLength(10);
  pool.give(late);
  expect(closed).toContain(11);
});
