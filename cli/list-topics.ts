import type { Config } from '../pipelines/config.ts';
import { formatBytes, formatDurationMs } from '../runtime/options/quantity.ts';
import type { TopicSpec, Transport } from '../runtime/transport.ts';
import { recordsOn, topicSpecs } from '../schemas/topics.ts';
import { CommandFailure } from './exit-code.ts';
import { formatCount } from './number-format.ts';
import { openSession } from './open-session.ts';
import { printRows, type RowColumn, type RowFormat } from './print-rows.ts';
import type { Terminal } from './terminal.ts';

/** A topic as `vigie topics list` shows it; `offsets` is the span of readable offsets, null while it does not exist. */
interface TopicRow extends TopicSpec {
  readonly records: readonly string[];
  readonly offsets: number | null;
}

const columns: readonly RowColumn<TopicRow>[] = [
  { title: 'TOPIC', text: (row) => row.name },
  { title: 'PARTITIONS', align: 'right', text: (row) => String(row.partitions) },
  {
    title: 'OFFSETS',
    align: 'right',
    text: (row) => (row.offsets === null ? 'missing' : formatCount(row.offsets)),
  },
  { title: 'CLEANUP', text: (row) => row.cleanup },
  {
    title: 'KEPT',
    align: 'right',
    text: (row) => (row.cleanup === 'compact' ? 'last' : formatDurationMs(row.retentionMs)),
  },
  { title: 'AT MOST', align: 'right', text: (row) => formatBytes(row.retentionBytes) },
  { title: 'RECORDS', text: (row) => row.records.join(', ') },
];

/** Prints every topic of the product with what it holds; topics that do not exist yet are listed as missing. */
export async function listTopics(
  config: Config,
  terminal: Terminal,
  format: RowFormat,
): Promise<void> {
  const session = await openSession(config, terminal).catch((error: unknown) => {
    if (error instanceof CommandFailure) return undefined;
    throw error;
  });
  try {
    const rows: TopicRow[] = [];
    const existing = await session?.transport.listTopics();
    for (const spec of topicSpecs(config.topics)) {
      const offsets =
        existing?.includes(spec.name) === true ? await span(session?.transport, spec.name) : null;
      const records = recordsOn(spec.name.slice(config.topics.prefix.length));
      rows.push({ ...spec, records, offsets });
    }
    printRows(terminal, format, columns, rows);
  } finally {
    await session?.close();
  }
}

/** Creates what is missing and says so. @throws PipelineError `PARTITIONS_CHANGED` when a topic has other partitions. */
export async function applyTopics(config: Config, terminal: Terminal): Promise<void> {
  const session = await openSession(config, terminal, true);
  try {
    const before = await session.transport.listTopics();
    const specs = topicSpecs(config.topics);
    await session.transport.ensureTopics(specs);
    const created = specs.filter(({ name }) => !before.includes(name));
    for (const { name } of created) terminal.out.write(`created ${name}\n`);
    terminal.out.write(`${specs.length} topics, ${created.length} created\n`);
  } finally {
    await session.close();
  }
}

async function span(transport: Transport | undefined, topic: string): Promise<number> {
  const ranges = (await transport?.ranges(topic)) ?? [];
  return ranges.reduce((sum, { low, high }) => sum + high - low, 0);
}
