import { classNumber } from '../models/metric-class.ts';
import type { FeedbackBook, MarkOutcome } from '../operators/detect/feedback-book.ts';
import type { FeedbackMark, FeedbackVerdict } from '../operators/detect/feedback-level.ts';
import { isEventTime } from '../operators/is-event-time.ts';
import { noSubject } from '../operators/no-subject.ts';
import { idHex } from '../operators/stable-id.ts';
import type { KernelOutput } from '../runtime/kernel.ts';
import type { SlotReader } from '../runtime/slot.ts';
import type { Codec } from '../schemas/codec.ts';
import type { Command, FeedbackSubject } from '../schemas/generated/command.ts';
import type { Decision } from '../schemas/generated/decision.ts';
import { decodeRecord } from './decode-record.ts';

const DEFAULT_CLASS = 'general';
const NO_OUTPUT: Pick<KernelOutput, 'reject'> = { reject: () => 'leftOut' };

type Outcome = MarkOutcome | 'refused';

/**
 * Feeds the feedback on the `commands` topic to detect’s book; what else is commanded there is for others.
 *
 * Every task reads every partition, for a cohort’s series lie in all of them; the task of the partition that a command
 * lies in tells what became of it on `decisions`, and rejects what cannot be read.
 */
export class FeedbackReader {
  readonly #codec: Codec;
  readonly #book: FeedbackBook;
  readonly #partition: number;

  constructor(codec: Codec, book: FeedbackBook, partition: number) {
    this.#codec = codec;
    this.#book = book;
    this.#partition = partition;
  }

  /** Takes the current record. */
  read(input: SlotReader, output: KernelOutput): void {
    const isOurs = input.partition === this.#partition;
    const decoded = decodeRecord(this.#codec, input, ['Command'], isOurs ? output : NO_OUTPUT);
    if (decoded === undefined) return;
    const { value: command } = decoded;
    const mark = markOf(command, this.#book);
    if (mark === undefined) return;
    const { about } = command;
    if (mark === 'refused' || about === null) {
      if (isOurs) this.#tell(command, 'refused', {}, output);
      return;
    }
    const level = (): number => this.#levelOf(command.tenant, about, mark);
    const levelBefore = level();
    const outcome = this.#book.take(command.tenant, about.metric, mark);
    // What is known was told when it came in; a task meets it again whenever it is assigned.
    if (!isOurs || outcome === 'known' || outcome === 'stale') return;
    const inputs = { levelBefore, levelAfter: level(), peakScore: mark.peakScore };
    this.#tell(command, outcome, inputs, output);
  }

  /** Level of the series that a mark speaks of, from when it acts. */
  #levelOf(tenant: string, { metric }: FeedbackSubject, mark: FeedbackMark): number {
    const number = this.#book.numberOf(tenant, metric);
    const levels = this.#book.levels(number, mark.series, mark.fromMs);
    return levels[classNumber(mark.class ?? DEFAULT_CLASS) ?? 0] ?? 1;
  }

  #tell(
    command: Command,
    outcome: Outcome,
    inputs: Readonly<Record<string, number>>,
    output: KernelOutput,
  ): void {
    const decision = decisionOn(command, outcome, inputs, this.#partition);
    output.emit(
      'decisions',
      this.#partition,
      Buffer.from(decision.id),
      this.#codec.encode('Decision', decision),
      command.effectiveFromMs,
    );
    output.count(`feedback_total{outcome="${outcome}"}`, 1);
  }
}

/** Reads a command as a mark; undefined for one that is no feedback. */
function markOf(command: Command, book: FeedbackBook): FeedbackMark | 'refused' | undefined {
  const { kind, verdict, about, subject, subjectType, effectiveFromMs: fromMs } = command;
  if (kind !== 'FEEDBACK' && kind !== 'WITHDRAW_FEEDBACK') return undefined;
  const said: FeedbackVerdict | 'UNKNOWN' | null =
    kind === 'WITHDRAW_FEEDBACK' ? 'WITHDRAWN' : verdict;
  if (about === null || said === null || said === 'UNKNOWN') return 'refused';
  if (subject === '' || !isEventTime(fromMs) || !Number.isFinite(about.peakScore)) return 'refused';
  return {
    id: idHex(command.id),
    subject,
    series: idHex(about.seriesId),
    class: about.class ?? (subjectType === 'SERIES' ? null : DEFAULT_CLASS),
    verdict: said,
    peakScore: about.peakScore,
    fromMs,
    endMs: book.endMs(fromMs, command.expiresMs),
  };
}

function decisionOn(
  { id, tenant, kind, verdict, subjectType, subject, author, effectiveFromMs, about }: Command,
  outcome: Outcome,
  inputs: Readonly<Record<string, number>>,
  partition: number,
): Decision {
  const commandId = idHex(id);
  const isAnomaly = subjectType === 'ANOMALY' && /^[0-9a-f]{32}$/.test(subject);
  return {
    id: `detect/${partition}/feedback/${commandId}`,
    tenant,
    atMs: effectiveFromMs,
    stage: 'detect',
    kind: 'FEEDBACK',
    outcome,
    code: kind === 'WITHDRAW_FEEDBACK' ? 'WITHDRAWN' : (verdict ?? 'UNKNOWN'),
    subjectType,
    subjectId: subject,
    ...noSubject,
    seriesId: about?.seriesId ?? null,
    anomalyId: isAnomaly ? Buffer.from(subject, 'hex') : null,
    actor: { type: 'PERSON', id: author },
    inputs,
    text: textOf(outcome, about, inputs),
    examples: [],
    count: 1,
    fromMs: effectiveFromMs,
    toMs: effectiveFromMs + 1,
  };
}

function textOf(
  outcome: Outcome,
  about: FeedbackSubject | null,
  { levelBefore = 1, levelAfter = 1 }: Readonly<Record<string, number>>,
): string {
  if (about === null || outcome === 'refused')
    return 'Feedback that names no series, verdict or time.';
  if (outcome === 'full')
    return `${about.metric} has as many marks as are kept; this one has no effect.`;
  const levels = `${levelBefore.toFixed(3)} to ${levelAfter.toFixed(3)}`;
  return `Episodes of the series of ${about.metric} open at score ${levels}.`;
}
