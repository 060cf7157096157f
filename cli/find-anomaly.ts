import type { Anomaly } from '../schemas/generated/anomaly.ts';
import { decodeValue } from './decode-record.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import type { Session } from './open-session.ts';
import { readTopic } from './read-topic.ts';
import { hexId } from './run-findings.ts';

/** Reads the beginning of an id as it was typed. @throws CommandFailure (exit 2) when it can be none. */
export function idPrefix(text: string): string {
  const prefix = text.toLowerCase();
  if (/^[0-9a-f]{1,32}$/.test(prefix)) return prefix;
  throw new CommandFailure(`"${text}" is no id: expected up to 32 hex digits`, exitCode.usage);
}

/**
 * Finds the newest record of the episode whose id begins so; undefined when there is none.
 *
 * Cost: one pass over `anomalies`.
 *
 * @throws CommandFailure (exit 2) when more than one begins so.
 */
export async function findAnomaly(
  session: Session,
  signal: AbortSignal,
  prefix: string,
): Promise<Anomaly | undefined> {
  const found = new Map<string, Anomaly>();
  await eachRecord(session, 'anomalies', signal, (record) => {
    if (record.name !== 'Anomaly') return;
    const id = hexId(record.value.id);
    const known = found.get(id);
    if (id.startsWith(prefix) && (known === undefined || known.revision < record.value.revision))
      found.set(id, record.value);
  });
  return theOne('anomalies', prefix, found);
}

/** The only thing found; undefined when nothing was. @throws CommandFailure (exit 2) when there are several. */
export function theOne<T>(
  things: string,
  prefix: string,
  found: ReadonlyMap<string, T>,
): T | undefined {
  if (found.size > 1) {
    const ids = [...found.keys()].slice(0, 5).map((id) => id.slice(0, prefix.length + 6));
    throw new CommandFailure(
      `${found.size} ${things} have ids that begin with ${prefix}: ${ids.join(', ')} …`,
      exitCode.usage,
    );
  }
  const [only] = found.values();
  return only;
}

/** What to say when no anomaly was found. */
export function noAnomaly(prefix: string): CommandFailure {
  return new CommandFailure(
    `no anomaly has an id that begins with ${prefix}`,
    exitCode.usage,
    '`vigie tail anomalies` shows the last ones.',
  );
}

/** Reads every record that is on a topic (name without prefix), in the order of its partitions. */
export async function eachRecord(
  { transport, codec, prefix }: Session,
  topic: string,
  signal: AbortSignal,
  take: (record: ReturnType<typeof decodeValue>) => void,
): Promise<void> {
  const slice = { topic: prefix + topic, from: () => 0, follow: false, signal };
  await readTopic(transport, slice, (records) => {
    for (const { value } of records) if (value !== null) take(decodeValue(codec, value));
  });
}
