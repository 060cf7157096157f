import { lastValueFrom, NEVER, of, Subject, throwError, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { batchWhileBusy } from './batch-while-busy.ts';

function gate() {
  const releases: (() => void)[] = [];
  const batches: number[][] = [];
  const project = (batch: readonly number[]) => {
    batches.push([...batch]);
    return new Promise<number>((resolve) => releases.push(() => resolve(batch.length)));
  };
  const release = async () => {
    releases.shift()?.();
    await Promise.resolve();
    await Promise.resolve();
  };
  return { batches, project, release };
}

describe('batchWhileBusy', () => {
  const all = (waiting: readonly number[]) => waiting.length;

  it('starts a lone value at once and gathers what comes meanwhile', async () => {
    const { batches, project, release } = gate();
    const source = new Subject<number>();
    const seen: number[] = [];
    source.pipe(batchWhileBusy({ take: all, project })).subscribe((n) => seen.push(n));
    source.next(1);
    source.next(2);
    source.next(3);
    expect(batches).toEqual([[1]]);
    await release();
    expect(batches).toEqual([[1], [2, 3]]);
    await release();
    source.next(4);
    await release();
    expect(batches).toEqual([[1], [2, 3], [4]]);
    expect(seen).toEqual([1, 2, 1]);
  });

  it('cuts batches where take says, and takes at least one', async () => {
    const sizes = await lastValueFrom(
      of(1, 2, 3, 4, 5).pipe(
        batchWhileBusy({ take: () => 2, project: async (batch) => batch.length }),
        toArray(),
      ),
    );
    expect(sizes).toEqual([1, 2, 2]);
    const single = await lastValueFrom(
      of(1, 2).pipe(
        batchWhileBusy({ take: () => 0, project: async (batch) => batch.length }),
        toArray(),
      ),
    );
    expect(single).toEqual([1, 1]);
  });

  it('completes with an empty source, and only after the last batch', async () => {
    const { project, release } = gate();
    let done = false;
    of(1)
      .pipe(batchWhileBusy({ take: all, project }))
      .subscribe({ complete: () => (done = true) });
    expect(done).toBe(false);
    await release();
    expect(done).toBe(true);
    const none = await lastValueFrom(
      of<number>().pipe(batchWhileBusy({ take: all, project }), toArray()),
    );
    expect(none).toEqual([]);
  });

  it('passes on errors of the source and of a batch, and starts nothing after unsubscribing', async () => {
    const boom = new Error('boom');
    const failing = { take: all, project: () => Promise.reject(boom) };
    await expect(lastValueFrom(of(1).pipe(batchWhileBusy(failing)))).rejects.toBe(boom);
    await expect(lastValueFrom(throwError(() => boom).pipe(batchWhileBusy(failing)))).rejects.toBe(
      boom,
    );
    const { batches, project, release } = gate();
    const source = new Subject<number>();
    const subscription = source.pipe(batchWhileBusy({ take: all, project })).subscribe();
    source.next(1);
    source.next(2);
    subscription.unsubscribe();
    await release();
    expect(batches).toEqual([[1]]);
    NEVER.pipe(batchWhileBusy({ take: all, project }))
      .subscribe()
      .unsubscribe();
  });
});
