import { describe, expect, it } from 'vitest';
import type { OutboundRecord } from '../transport.ts';
import {
  type KafkaClient,
  KafkaError,
  type ProduceBatch,
  type ProducerIdentity,
} from './client.ts';
import { IdempotentProducer } from './idempotent-producer.ts';
import type { Pace } from './pace.ts';

type Answer = 'stored' | 'storedUnheard' | KafkaError;
const lost = new KafkaError('CONNECTION', 'closed', true);
const tooLarge = new KafkaError('MESSAGE_TOO_LARGE', 'too large', false);

/** Time that passes only while somebody waits. */
class TestPace implements Pace {
  #nowMs = 0;
  nowMs(): number {
    return this.#nowMs;
  }
  async sleep(ms: number): Promise<void> {
    this.#nowMs += ms;
  }
}

/** A log that keeps a broker’s rules for sequence numbers. `answer` says what becomes of each batch. */
class SequencedLog {
  readonly values: string[] = [];
  readonly rounds: number[] = [];
  outstanding = 0;
  mostOutstanding = 0;
  #identities = 0;
  readonly #next = new Map<string, number>();
  readonly #last = new Map<string, { sequence: number; count: number }>();
  readonly #answer: (batch: ProduceBatch, round: number) => Answer;

  constructor(answer: (batch: ProduceBatch, round: number) => Answer = () => 'stored') {
    this.#answer = answer;
  }

  get identities(): number {
    return this.#identities;
  }

  client(): KafkaClient {
    const used: Partial<KafkaClient> = {
      initProducer: async () => ({ producerId: BigInt(this.#identities++), epoch: 0 }),
      produce: (identity, batches) => this.#produce(identity, batches),
      forgetLeaders: () => undefined,
      close: () => undefined,
    };
    return used as KafkaClient;
  }

  async #produce(
    { producerId }: ProducerIdentity,
    batches: readonly ProduceBatch[],
  ): Promise<readonly (KafkaError | undefined)[]> {
    this.outstanding += 1;
    this.mostOutstanding = Math.max(this.mostOutstanding, this.outstanding);
    await new Promise((resolve) => setImmediate(resolve));
    const round = this.rounds.push(batches.reduce((sum, { records }) => sum + records.length, 0));
    this.outstanding -= 1;
    return batches.map((batch) => this.#store(String(producerId), batch, round));
  }

  #store(producer: string, batch: ProduceBatch, round: number): KafkaError | undefined {
    const answer = this.#answer(batch, round);
    if (answer instanceof KafkaError) return answer;
    const lane = `${producer}/${batch.topic}/${batch.partition}`;
    const { firstSequence, records } = batch;
    const last = this.#last.get(lane);
    if (last?.sequence === firstSequence) {
      // Brokers acknowledge a repeated sequence without a look at what is in the batch.
      return answer === 'stored' ? undefined : lost;
    }
    if (firstSequence !== (this.#next.get(lane) ?? 0)) {
      return new KafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER', 'out of order', false);
    }
    this.#next.set(lane, firstSequence + records.length);
    this.#last.set(lane, { sequence: firstSequence, count: records.length });
    for (const { value } of records) this.values.push(Buffer.from(value ?? []).toString());
    return answer === 'stored' ? undefined : lost;
  }
}

const record = (value: string, partition = 0): OutboundRecord => ({
  topic: 't',
  partition,
  key: null,
  value: Buffer.from(value),
  headers: {},
  timestampMs: 0,
});

function producerOn(log: SequencedLog, maxRecordBytes = new Map<string, number>()) {
  return new IdempotentProducer({
    name: 'test',
    client: log.client(),
    pace: new TestPace(),
    limitMs: 1000,
    maxRecordBytes,
  });
}

const codeOf = (write: Promise<void>): Promise<unknown> =>
  write.then(
    () => 'acknowledged',
    (error: { code: string }) => error.code,
  );

describe('IdempotentProducer', () => {
  it('joins what arrives while a round is under way, one round at a time', async () => {
    const log = new SequencedLog();
    const producer = producerOn(log);
    const first = producer.send([record('0')]);
    await Promise.resolve();
    await Promise.resolve();
    const later = ['1', '2', '3', '4'].map((value) => producer.send([record(value)]));
    await Promise.all([first, ...later]);
    expect(log.values).toEqual(['0', '1', '2', '3', '4']);
    expect(log.rounds).toEqual([1, 4]);
    expect(log.mostOutstanding).toBe(1);
  });

  it('goes on when it is called again as soon as a call is settled', async () => {
    const log = new SequencedLog();
    const producer = producerOn(log);
    for (let index = 0; index < 20; index += 1) await producer.send([record(String(index))]);
    expect(log.values).toHaveLength(20);
  });

  it('stores a batch once when its acknowledgement was lost', async () => {
    const log = new SequencedLog((_, round) => (round <= 3 ? 'storedUnheard' : 'stored'));
    const producer = producerOn(log);
    const early = producer.send([record('a'), record('b')]);
    const late = new Promise((resolve) => setImmediate(resolve)).then(() =>
      producer.send([record('c')]),
    );
    await Promise.all([early, late]);
    expect(log.values).toEqual(['a', 'b', 'c']);
  });

  it('keeps partitions apart: one without a leader does not stop the others’ order', async () => {
    const log = new SequencedLog(({ partition }, round) =>
      partition === 1 && round < 4 ? lost : 'stored',
    );
    const producer = producerOn(log);
    await Promise.all([
      producer.send([record('a', 0), record('x', 1)]),
      producer.send([record('b', 0), record('y', 1)]),
    ]);
    expect(log.values).toEqual(['a', 'b', 'x', 'y']);
  });

  it('fails the call with the bad record only, and stores the others of the batch once', async () => {
    const bad = (batch: ProduceBatch): boolean =>
      batch.records.some(({ value }) => String(value) === 'bad');
    const log = new SequencedLog((batch) => (bad(batch) ? tooLarge : 'stored'));
    const producer = producerOn(log);
    const outcomes = ['a', 'b', 'bad', 'c', 'd'].map((value) => producer.send([record(value)]));
    expect(await Promise.all(outcomes.map(codeOf))).toEqual([
      'acknowledged',
      'acknowledged',
      'TRANSPORT_REFUSED',
      'acknowledged',
      'acknowledged',
    ]);
    expect(log.values).toEqual(['a', 'b', 'c', 'd']);
    await producer.send([record('e')]);
    expect(log.values.at(-1)).toBe('e');
  });

  it('refuses a record above the topic’s limit before anything of the call is sent', async () => {
    const log = new SequencedLog();
    const producer = producerOn(log, new Map([['t', 3]]));
    const refused = producer.send([record('abc'), record('abcd')]);
    expect(await codeOf(refused)).toBe('TRANSPORT_REFUSED');
    expect(log.values).toEqual([]);
  });

  it('does not reuse sequence numbers of a batch whose fate is unknown', async () => {
    let away = true;
    const log = new SequencedLog(() => (away ? 'storedUnheard' : 'stored'));
    const producer = producerOn(log);
    expect(await codeOf(producer.send([record('given up')]))).toBe('TRANSPORT_UNAVAILABLE');
    away = false;
    await producer.send([record('next')]);
    expect(log.values).toEqual(['given up', 'next']);
    expect(log.identities).toBe(2);
  });

  it('takes a new identity when the brokers have forgotten the old one', async () => {
    const forgotten = new KafkaError('UNKNOWN_PRODUCER_ID', 'who?', false);
    const log = new SequencedLog((_, round) => (round === 2 ? forgotten : 'stored'));
    const producer = producerOn(log);
    await producer.send([record('a')]);
    await producer.send([record('b')]);
    expect(log.values).toEqual(['a', 'b']);
    expect(log.identities).toBe(2);
  });

  it('splits what does not fit one batch, and sends a record larger than a batch alone', async () => {
    const log = new SequencedLog();
    const producer = producerOn(log);
    const large = 'x'.repeat(500_000);
    await producer.send([record('a'), record(large), record(large), record('y'.repeat(900_000))]);
    expect(log.rounds).toEqual([2, 1, 1]);
    expect(log.values.map((value) => value.length)).toEqual([1, 500_000, 500_000, 900_000]);
  });

  it('settles what was sent before it closes, and refuses what comes after', async () => {
    const log = new SequencedLog();
    const producer = producerOn(log);
    const write = producer.send([record('a')]);
    await producer.close();
    await write;
    expect(log.values).toEqual(['a']);
    expect(await codeOf(producer.send([record('b')]))).toBe('TRANSPORT_REFUSED');
  });

  it('gives up what is no longer ours while it is tried again, and goes on with the rest', async () => {
    let isOurs = true;
    const log = new SequencedLog(({ partition }, round) => {
      if (partition !== 1 || round > 2) return 'stored';
      isOurs = round < 2;
      return lost;
    });
    const producer = producerOn(log);
    const ours = producer.send([record('ours')]);
    const foreign = producer.send([record('foreign', 1)], () => isOurs);
    expect(await codeOf(foreign)).toBe('TRANSPORT_UNAVAILABLE');
    await ours;
    await producer.send([record('later'), record('later elsewhere', 1)]);
    expect(log.values).toEqual(['ours', 'later', 'later elsewhere']);
  });
});
