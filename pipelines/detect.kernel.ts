import { OnnxEnsemble } from '../models/onnx-ensemble.ts';
import { type EpisodeEvent, lifeCycles } from '../operators/detect/detect-output.ts';
import { Detector } from '../operators/detect/detector.ts';
import { FeedbackBook } from '../operators/detect/feedback-book.ts';
import { OpeningLevels } from '../operators/detect/opening-levels.ts';
import { type DetectOptions, settingsFrom, tuningFrom } from '../operators/detect/options.ts';
import { type GatherDrops, RunGatherer } from '../operators/detect/run-gatherer.ts';
import { SeriesShelf } from '../operators/detect/series-shelf.ts';
import { seriesTiers } from '../operators/detect/series-tier.ts';
import { memberIds } from '../operators/detect/state-columns.ts';
import { SourceProgress } from '../operators/source-progress.ts';
import { liveSpan } from '../operators/stale-sweep.ts';
import { WatermarkRelay } from '../operators/watermark-relay.ts';
import { monotonicClock } from '../runtime/clock.ts';
import type { CreateKernel, Kernel, KernelContext, KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import { ScratchFile } from '../runtime/state/scratch-file.ts';
import {
  numbered,
  parseStateKey,
  type StateEntry,
  single,
} from '../runtime/state/state-entries.ts';
import { Codec } from '../schemas/codec.ts';
import type { Anomaly } from '../schemas/generated/anomaly.ts';
import type { SeriesDefinition } from '../schemas/generated/series-definition.ts';
import { idHigh, idLow, partitionOfText } from '../schemas/identity.ts';
import { ColumnMemory, type PackedBatch, readPackedBatch } from '../schemas/read-packed-batch.ts';
import { anomalyRecord } from './anomaly-record.ts';
import { CohortDesk } from './cohort-desk.ts';
import { DecisionWriter } from './decision-writer.ts';
import { decodeRecord } from './decode-record.ts';
import { classDecision, rulingDecision } from './detect-decision.ts';
import { EntityDesk, type EntitySink } from './entity-desk.ts';
import { FeedbackReader } from './feedback-reader.ts';
import type { StageOptions } from './stage-options.ts';
import { TimedScorer } from './timed-scorer.ts';

type Context = KernelContext<StageOptions<DetectOptions>>;

/** Input topics by their number in the topology. */
const ENRICHED = 0;

/** The models of this thread: every task in it shares them. */
let ensemble: Promise<OnnxEnsemble> | undefined;

/** DETECT: scores every point with the ensemble and tells episodes. */
class DetectKernel implements Kernel {
  readonly #context: Context;
  readonly #codec: Codec;
  readonly #models: TimedScorer;
  readonly #shelf: SeriesShelf;
  readonly #scratch: ScratchFile;
  readonly #progress = new SourceProgress();
  readonly #memory = new ColumnMemory();
  readonly #gatherer: RunGatherer;
  readonly #detector: Detector;
  readonly #eventTime: WatermarkRelay;
  readonly #book: FeedbackBook;
  readonly #feedback: FeedbackReader;
  readonly #openings: OpeningLevels;
  readonly #cohorts: CohortDesk;
  readonly #entities: EntityDesk;
  readonly #decisions: DecisionWriter;
  #restored = false;

  constructor(context: Context, models: OnnxEnsemble) {
    this.#context = context;
    this.#codec = new Codec(context.options.schemaIds);
    this.#decisions = new DecisionWriter(context, this.#codec);
    this.#models = new TimedScorer(models, monotonicClock);
    const { section, series, eventTime } = context.options;
    this.#scratch = new ScratchFile(series.scratchDir, `${context.stage}-${context.partition}`);
    this.#shelf = new SeriesShelf(series.ttlMs, {
      memoryBytes: series.definitionMemoryBytes,
      scratch: this.#scratch,
    });
    this.#book = new FeedbackBook(section.feedback);
    this.#feedback = new FeedbackReader(this.#codec, this.#book, context.partition);
    this.#openings = new OpeningLevels(this.#book, (row) => this.#definitionOf(row));
    this.#gatherer = new RunGatherer({
      shelf: this.#shelf,
      progress: this.#progress,
      defaults: settingsFrom(section),
      openings: this.#openings,
    });
    this.#cohorts = new CohortDesk(section.cohorts, (row) => this.#definitionOf(row));
    const { siblings } = this.#cohorts;
    this.#detector = new Detector(this.#models, this.#shelf, tuningFrom(section), siblings);
    this.#entities = new EntityDesk({
      shelf: this.#shelf,
      gatherer: this.#gatherer,
      enabled: section.entities,
      ttlMs: series.ttlMs,
      modelSet: models.modelSet,
      definitionOf: (row) => this.#definitionOf(row),
    });
    // One partition feeds this task and has its ticks at their distance already: each is passed on.
    this.#eventTime = new WatermarkRelay({
      ...eventTime,
      sources: context.partitions,
      expectsAll: false,
      tickIntervalMs: 1,
    });
  }

  async process(input: SlotReader, output: KernelOutput): Promise<void> {
    if (this.#restored) this.#rebuild();
    const drops: GatherDrops = { repeated: 0, undefinedSeries: 0 };
    this.#gatherer.clear();
    const { sweep } = this.#shelf;
    let latestMs = 0;
    while (input.next()) {
      if (input.topic !== ENRICHED) {
        this.#feedback.read(input, output);
        continue;
      }
      latestMs = Math.max(latestMs, input.timestampMs);
      const batch = this.#read(input, output);
      if (batch === undefined) continue;
      // What was gathered must be scored before time goes on: a row may go stale by it, and then to another series.
      const span = liveSpan(batch);
      if (span !== undefined && sweep.isLater(span)) await this.#score(latestMs, output);
      if (span !== undefined) {
        sweep.observe(span);
        this.#entities.observe(span, this.#sink(latestMs, output));
      }
      this.#gather(batch, drops, latestMs, output);
    }
    await this.#score(latestMs, output);
    this.#models.count(output);
    this.#cohorts.count(output);
    if (drops.repeated > 0)
      output.count('points_dropped_total{code="RECORD_REPEATED"}', drops.repeated);
    if (drops.undefinedSeries > 0) {
      output.count('points_dropped_total{code="SERIES_UNDEFINED"}', drops.undefinedSeries);
    }
    this.#tick(latestMs, output);
    this.#decisions.flush(output);
    lifeCycles.forEach((state, i) => {
      output.gauge(`series{state="${state}"}`, this.#shelf.stages[i] ?? 0);
    });
    const { tiers } = this.#shelf;
    seriesTiers.forEach((tier, i) => {
      output.gauge(`tier_series{tier="${tier}"}`, tiers[i] ?? 0);
    });
  }

  *checkpoint(): Generator<StateEntry> {
    yield* this.#shelf.entries();
    yield* single('sweep', this.#shelf.sweep);
    yield* single('source', this.#progress);
    yield* single('time', this.#eventTime);
    yield* numbered('feedback', this.#book.takeChanged());
    yield* single('decisions', this.#decisions);
    yield* this.#cohorts.entries();
    yield* this.#entities.entries();
  }

  restore(key: Uint8Array, value: Uint8Array | null): void {
    this.#restored = true;
    const { name, number } = parseStateKey(key);
    if (this.#shelf.restore(name, number, value) || this.#cohorts.restore(name, number, value))
      return;
    if (this.#entities.restore(name, number, value) || value === null) return;
    if (name === 'sweep') this.#shelf.sweep.restore(value);
    else if (name === 'source') this.#progress.restore(value);
    else if (name === 'time') this.#eventTime.restore(value);
    else if (name === 'feedback') this.#book.restore(number, value);
    else if (name === 'decisions') this.#decisions.restore(value);
  }

  close(): void {
    this.#scratch.close();
  }

  #rebuild(): void {
    this.#restored = false;
    this.#shelf.rebuild();
    this.#entities.rebuild();
  }

  /** Reads the points of a record; a tick, or what cannot be read, has none. */
  #read(input: SlotReader, output: KernelOutput): PackedBatch | undefined {
    const decoded = decodeRecord(this.#codec, input, ['SeriesBatch', 'Tick'], output);
    if (decoded === undefined) return undefined;
    if (decoded.name === 'Tick') {
      this.#eventTime.hear(decoded.value.sourcePartition, decoded.value);
      this.#entities.tick(decoded.value.watermarkMs);
      this.#decisions.advance(input.timestampMs);
      return undefined;
    }
    const batch = readPackedBatch(decoded.value, this.#memory);
    if (!('code' in batch)) return batch;
    output.reject(input.index, { ...batch, points: 0 });
    return undefined;
  }

  #gather(batch: PackedBatch, drops: GatherDrops, latestMs: number, output: KernelOutput): void {
    const { sweep } = this.#shelf;
    const giveUp = (row: number): void => this.#giveUp(row, latestMs, output);
    sweep.step((row, silentMs) => this.#shelf.noteSilence(row, silentMs), giveUp);
    for (const definition of batch.definitions) {
      const { seriesId } = definition;
      const encoded = () => this.#codec.encode('SeriesDefinition', definition);
      this.#shelf.define(idLow(seriesId, 0), idHigh(seriesId, 0), encoded, giveUp);
    }
    output.count('points_in_total', batch.pointCount);
    this.#gatherer.add(batch, drops);
  }

  /** Gives up a series that was silent for too long; an episode that is open ends with it. */
  #giveUp(row: number, latestMs: number, output: KernelOutput): void {
    for (const event of this.#detector.end(row)) this.#tell(event, latestMs, output);
    this.#shelf.evict(row);
    this.#openings.forget(row);
    this.#cohorts.forget(row);
    this.#entities.forget(row);
    output.count('series_evicted_total', 1);
  }

  async #score(latestMs: number, output: KernelOutput): Promise<void> {
    const { points } = this.#gatherer;
    const input = this.#gatherer.input();
    const sink = this.#sink(latestMs, output);
    if (points === 0) {
      this.#entities.settle(input, undefined, sink);
      return;
    }
    const scored = await this.#detector.score(input);
    this.#entities.settle(input, scored, sink);
    const { timestamps } = input;
    for (const change of scored.classChanges) {
      const atMs = timestamps[change.point] ?? latestMs;
      this.#decisions.note(classDecision(change, this.#definitionOf(change.row), atMs));
    }
    for (const ruling of scored.rulings) {
      const atMs = timestamps[ruling.point] ?? 0;
      this.#decisions.note(rulingDecision(ruling, this.#definitionOf(ruling.row), atMs));
    }
    for (let run = 0; run < input.runs; run++) {
      const last = (input.starts[run] ?? 0) + (input.counts[run] ?? 0) - 1;
      this.#shelf.setLifeCycle(input.rows[run] ?? 0, scored.lifeCycle[last] ?? 0);
    }
    this.#gatherer.clear();
    const refused = scored.weeksRefused;
    if (refused > 0) output.count('tier_refused_total{tier="T2"}', refused);
    output.count('points_out_total', points);
    for (const member of memberIds) output.count(`scored_total{member="${member}"}`, points);
  }

  #tell(event: EpisodeEvent, latestMs: number, output: KernelOutput): void {
    const definition = this.#definitionOf(event.row);
    const context = event.point < 0 ? undefined : this.#gatherer.contextOf(event.point);
    this.#emit(anomalyRecord(event, definition, context, this.#models.modelSet), latestMs, output);
  }

  #sink(latestMs: number, output: KernelOutput): EntitySink {
    return {
      episode: (event) => this.#tell(event, latestMs, output),
      entity: (anomaly) => this.#emit(anomaly, latestMs, output),
    };
  }

  #emit(anomaly: Anomaly, latestMs: number, output: KernelOutput): void {
    const { id, tenant, phase } = anomaly;
    const partition = partitionOfText(tenant, this.#context.partitions);
    output.emit('anomalies', partition, id, this.#codec.encode('Anomaly', anomaly), latestMs);
    output.count(`anomalies_total{phase="${phase}"}`, 1);
  }

  #definitionOf(row: number): SeriesDefinition {
    return this.#codec.decode(this.#shelf.definition(row), ['SeriesDefinition']).value;
  }

  /** Every partition of `anomalies` hears how far event time has come here: correlate’s timers run by it. */
  #tick(latestMs: number, output: KernelOutput): void {
    const watermarkMs = this.#eventTime.takeTick();
    if (watermarkMs === undefined) return;
    const { partition, partitions } = this.#context;
    const tick = this.#codec.encode('Tick', {
      sourcePartition: partition,
      watermarkMs,
      idle: false,
    });
    for (let to = 0; to < partitions; to++) output.emit('anomalies', to, null, tick, latestMs);
  }
}

const createKernel: CreateKernel<StageOptions<DetectOptions>> = async (context) => {
  ensemble ??= OnnxEnsemble.load();
  return new DetectKernel(context, await ensemble);
};

export default createKernel;
