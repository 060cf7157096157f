import {
  defer,
  from,
  ignoreElements,
  type MonoTypeOperatorFunction,
  mergeMap,
  type Observable,
  retry,
  Subject,
  takeUntil,
  throwError,
  timer,
} from 'rxjs';
import { PipelineError } from '../runtime/errors.ts';
import type { StageSpec } from '../runtime/stage-spec.ts';
import type { Subscription } from '../runtime/transport.ts';
import { inputTopics, StageRun, type StageServices } from './stage-run.ts';

/** How often a stage is rebuilt without one acknowledged write before the fault counts as lasting, and the wait. */
const REBUILDS = 5;
const REBUILD_DELAY_MS = 500;

/** A stage that is running. */
export interface RunningStage {
  /** Errors when the stage cannot go on (fate `stop`, or a `retry` that lasts); completes after `stop`. */
  readonly done: Observable<never>;
  /** Finishes what was taken in, checkpoints, commits and leaves the group. */
  stop(): Promise<void>;
}

/**
 * Runs one stage on this worker: consume → kernel → produce → commit, for every partition assigned to it.
 *
 *     events ─▶ tasks (kernel calls in lanes) ─▶ results ─▶ one write outstanding ─▶ offsets ─▶ settle
 *
 * Offsets are stored only after the outputs before them are acknowledged. This is the one place that acts on a fate:
 * rejected records left the kernel as dead letters or counts already; an error of fate `retry` rebuilds the stage from
 * its saved state, an error of fate `stop` ends it.
 */
export function runStage(spec: StageSpec, services: StageServices): RunningStage {
  const stopped = new Subject<void>();
  let current: StageRun | undefined;
  const subscribe = async (): Promise<Subscription> => {
    const { transport, prefix, standbyReplicas, warmed } = services;
    // Before the group knows of us: what it then gives us is waited for.
    await warmed;
    const standby = standbyReplicas > 0;
    return transport.subscribe(prefix + spec.name, inputTopics(spec, prefix), { standby });
  };
  const run$ = defer(subscribe).pipe(
    mergeMap((subscription) => {
      current = new StageRun(spec, services, subscription);
      return current.graph;
    }),
    rebuildOnPassingFault(spec, services, async () => current?.leave()),
    takeUntil(stopped),
    ignoreElements(),
  );
  const done = new Subject<never>();
  run$.subscribe(done);
  return {
    done,
    stop: async () => {
      await current?.finish();
      stopped.next();
    },
  };
}

function rebuildOnPassingFault(
  spec: StageSpec,
  { log }: StageServices,
  leave: () => Promise<void>,
): MonoTypeOperatorFunction<void> {
  return retry({
    count: REBUILDS,
    resetOnSuccess: true,
    delay: (error: unknown, attempt) => {
      if (!(error instanceof PipelineError) || error.fate !== 'retry')
        return throwError(() => error);
      log.warn({ stage: spec.name, code: error.code, attempt }, `rebuilding: ${error.message}`);
      return from(leave()).pipe(mergeMap(() => timer(REBUILD_DELAY_MS * attempt)));
    },
  });
}
