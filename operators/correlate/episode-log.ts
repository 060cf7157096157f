import type { DueQueue } from '../due-queue.ts';
import { KeyedState } from '../keyed-state.ts';
import type { CorrelateOptions } from './options.ts';
import type { Signal } from './signal.ts';

const EVICTED_SHARE = 16;

interface Episode {
  revision: number;
  atMs: number;
}

/**
 * Remembers the last revision of each episode for a while, to tell repeats.
 *
 * Beyond `maxEpisodes` those heard of longest ago are forgotten.
 */
export class EpisodeLog {
  readonly episodes = new KeyedState<Episode>();
  readonly #options: CorrelateOptions;
  readonly #timers: DueQueue;

  constructor(options: CorrelateOptions, timers: DueQueue) {
    this.#options = options;
    this.#timers = timers;
  }

  /**
   * Notes a signal at the present time; returns false when it, or a later revision, was noted
   * before.
   */
  note(signal: Signal, nowMs: number): boolean {
    const known = this.episodes.get(signal.id);
    if (known !== undefined && known.revision >= signal.revision) return false;
    if (known === undefined && this.episodes.size >= this.#options.maxEpisodes) this.#evict();
    this.episodes.set(signal.id, { revision: signal.revision, atMs: nowMs });
    this.#schedule(signal.id, nowMs);
    return true;
  }

  forget(id: string): void {
    this.episodes.delete(id);
    this.#timers.cancel(timerKey(id));
  }

  restore(id: string, episode: Episode | undefined): void {
    this.episodes.restore(id, episode);
    if (episode === undefined) this.#timers.cancel(timerKey(id));
    else this.#schedule(id, episode.atMs);
  }

  #schedule(id: string, atMs: number): void {
    this.#timers.schedule(timerKey(id), atMs + this.#options.repeatHorizonMs);
  }

  #evict(): void {
    const ordered = [...this.episodes.entries()].sort(
      ([idA, a], [idB, b]) => a.atMs - b.atMs || (idA < idB ? -1 : 1),
    );
    const share = Math.ceil(this.#options.maxEpisodes / EVICTED_SHARE);
    for (const [id] of ordered.slice(0, share)) this.forget(id);
  }
}

function timerKey(id: string): string {
  return `episode/${id}`;
}
