import path from 'node:path';
import type { Config } from '../pipelines/config.ts';
import { openInput } from '../pipelines/producers/open-input.ts';
import type { ParsedPoints, Point } from '../pipelines/producers/point.ts';
import { RawWriter } from '../pipelines/producers/raw-writer.ts';
import { systemClock } from '../runtime/clock.ts';
import { topicSpecs } from '../schemas/topics.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import { counted, formatCount, formatSpan } from './number-format.ts';
import { openSession, type Session } from './open-session.ts';
import {
  formatOfFile,
  openPointParser,
  type PointFormat,
  type PointFormatOptions,
} from './point-format.ts';
import { openProgress, type Progress } from './progress.ts';
import { printable, type Terminal } from './terminal.ts';

const RAW_TOPIC = 'metrics.raw';
const SHOWN_FAULTS = 20;

/** What to write, and how its texts are to be read. */
export interface ProduceRequest extends Omit<PointFormatOptions, 'nowMs'> {
  /** `-` is standard input. */
  readonly files: readonly string[];
  readonly format?: PointFormat;
  readonly tenant: string;
  /** Absent: when the points are old. */
  readonly backfill?: boolean;
  readonly dryRun: boolean;
  readonly strict: boolean;
}

/**
 * Writes the points of files to the raw topic, in the order of the files, and reports lines that could not be read.
 *
 * @throws CommandFailure when no point could be read (exit 1), or, strictly, when any line could not (exit 3).
 */
export async function producePoints(
  config: Config,
  terminal: Terminal,
  request: ProduceRequest,
): Promise<void> {
  const inputs = request.files.map((file) => ({
    file,
    format: request.format ?? formatOfFile(file),
  }));
  const session = request.dryRun ? undefined : await openSession(config, terminal, true);
  try {
    await session?.transport.ensureTopics(topicSpecs(config.topics));
    const run = new ProduceRun(config, terminal, request, session);
    for (const { file, format } of inputs) await run.take(file, format);
    await run.finish();
  } finally {
    await session?.close();
  }
}

class ProduceRun {
  readonly #config: Config;
  readonly #terminal: Terminal;
  readonly #request: ProduceRequest;
  readonly #session: Session | undefined;
  readonly #progress: Progress;
  #writer: RawWriter | undefined;
  #points = 0;
  #skipped = 0;
  #faults = 0;

  constructor(
    config: Config,
    terminal: Terminal,
    request: ProduceRequest,
    session: Session | undefined,
  ) {
    this.#config = config;
    this.#terminal = terminal;
    this.#request = request;
    this.#session = session;
    this.#progress = openProgress(terminal, () => systemClock.nowMs());
  }

  async take(file: string, format: PointFormat): Promise<void> {
    const { cwd, input, signal } = this.#terminal;
    const parse = await openPointParser(format, {
      ...this.#request,
      nowMs: () => systemClock.nowMs(),
    });
    const chunks = file === '-' ? input : openInput(path.resolve(cwd, file));
    for await (const group of parse(chunks)) {
      await this.#takeGroup(file, group);
      if (signal.aborted) break;
    }
  }

  async finish(): Promise<void> {
    await this.#writer?.flush();
    this.#progress.clear();
    const { err } = this.#terminal;
    const written = this.#request.dryRun
      ? 'read, none written'
      : `written in ${counted(this.#writer?.acknowledgedRecords ?? 0, 'record')}`;
    err.write(`${counted(this.#points, 'point')} ${written}\n`);
    if (this.#skipped > 0)
      err.write(`${counted(this.#skipped, 'value')} left out: empty, or text\n`);
    if (this.#faults === 0) return;
    const shown = this.#faults > SHOWN_FAULTS ? `, the first ${SHOWN_FAULTS} are above` : '';
    const what = `${counted(this.#faults, 'line')} could not be read${shown}`;
    if (this.#points === 0) throw new CommandFailure(`${what}, and no point was found`);
    if (this.#request.strict) throw new CommandFailure(what, exitCode.checkFailed);
    err.write(`${what}\n`);
  }

  async #takeGroup(file: string, { points, faults, skipped }: ParsedPoints): Promise<void> {
    this.#skipped += skipped;
    for (const { line, column, reason } of faults.slice(
      0,
      Math.max(0, SHOWN_FAULTS - this.#faults),
    )) {
      this.#progress.clear();
      this.#terminal.err.write(`${file}:${line}:${column}: ${printable(reason)}\n`);
    }
    this.#faults += faults.length;
    const [first] = points;
    if (first === undefined) return;
    this.#points += points.length;
    this.#progress.show(`${formatCount(this.#points)} points`);
    await this.#openWriter(first)?.write(points);
  }

  #openWriter(first: Point): RawWriter | undefined {
    if (this.#session === undefined || this.#writer !== undefined) return this.#writer;
    const { transport, codec, prefix } = this.#session;
    this.#writer = new RawWriter({
      transport,
      codec,
      clock: systemClock,
      topic: prefix + RAW_TOPIC,
      partitions: this.#config.topics.partitions,
      tenant: this.#request.tenant,
      producer: 'produce',
      backfill: this.#request.backfill ?? this.#looksOld(first),
    });
    return this.#writer;
  }

  #looksOld(first: Point): boolean {
    const ageMs = systemClock.nowMs() - first.timestampMs;
    if (!(ageMs > this.#config.validate.historicalAfterMs)) return false;
    this.#terminal.err.write(
      `points begin ${formatSpan(ageMs)} ago: marked as back-fill (--no-backfill to leave that out)\n`,
    );
    return true;
  }
}
