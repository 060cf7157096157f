import { Observable, type OperatorFunction } from 'rxjs';

/** What `batchWhileBusy` needs: how much of the queue to take, and what to do with it. */
export interface BatchWhileBusy<T, R> {
  /** How many of the waiting values the next batch takes, at least 1. */
  readonly take: (waiting: readonly T[]) => number;
  readonly project: (batch: readonly T[]) => Promise<R>;
}

/**
 * Projects values in batches, one at a time: what arrives while a batch is under way makes up the next one.
 *
 * Alone, a value starts at once; under load batches fill by themselves. Order is kept. The queue is not bounded here:
 * whoever feeds it pauses by what it has not seen come out.
 *
 *     source   a--b-c-----d----|
 *     busy      xxxxx xxxx xx
 *     batches  [a]   [b,c] [d]
 *
 * Completes after the last batch; a rejected projection is an error of the stream.
 */
export function batchWhileBusy<T, R>({
  take,
  project,
}: BatchWhileBusy<T, R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      let waiting: T[] = [];
      let busy = false;
      let completed = false;

      const advance = (): void => {
        if (busy || subscriber.closed) return;
        if (waiting.length === 0) {
          if (completed) subscriber.complete();
          return;
        }
        const count = Math.max(1, take(waiting));
        const batch = waiting.slice(0, count);
        waiting = waiting.slice(count);
        busy = true;
        project(batch).then(
          (result) => {
            busy = false;
            subscriber.next(result);
            advance();
          },
          (error: unknown) => subscriber.error(error),
        );
      };

      return source.subscribe({
        next: (value) => {
          waiting.push(value);
          advance();
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          completed = true;
          advance();
        },
      });
    });
}
