import { writeSync } from 'node:fs';

/** The places where a crash test may end this process. */
export type FailPointName =
  /** Brokers have stored a write, of outputs or of state; this process has not yet taken note of it. */
  | 'unacknowledged'
  /** Outputs are acknowledged, their input offsets not yet stored. */
  | 'outputs-sent'
  /** Outputs and offsets are stored; no checkpoint includes them. */
  | 'offsets-stored'
  /** Some entries of a checkpoint are acknowledged, the others are not written. */
  | 'entries-missing'
  /** The entries of a checkpoint are acknowledged, its stamp is not written. */
  | 'stamp-missing'
  /** Some parts of a checkpoint are acknowledged, the others are not made. */
  | 'parts-missing'
  /** A kernel has taken in a part of its saved state. */
  | 'restoring'
  /** A revoked partition is finished and saved, but not yet released. */
  | 'revoked';

interface Armed {
  readonly name: string;
  readonly stage: string;
  passagesLeft: number;
}

const armed = parse(process.env.VIGIE_FAIL_POINT);

/**
 * Ends this process with SIGKILL at a place that the environment names, for crash tests only.
 *
 * `VIGIE_FAIL_POINT=outputs-sent:3` kills at the third passage, `outputs-sent/detect:3` at detect’s third, after one
 * line on standard error. Unset, a passage is one comparison.
 *
 * @param where which stage passes; stands in the line.
 */
export function failPoint(name: FailPointName, where: string): void {
  if (armed === undefined || armed.name !== name || !where.includes(armed.stage)) return;
  armed.passagesLeft -= 1;
  if (armed.passagesLeft > 0) return;
  writeSync(2, `fail point ${name} hit in ${where}\n`);
  process.kill(process.pid, 'SIGKILL');
}

/**
 * Cuts a checkpoint off where the environment says so: writes a part of its records, then ends this process.
 *
 * @param records the entries, then the stamp. @param where which stage writes them.
 */
export async function cutOff<T>(
  records: readonly T[],
  where: string,
  write: (part: readonly T[]) => Promise<void>,
): Promise<void> {
  if (armed === undefined || !where.includes(armed.stage)) return;
  const entries = records.length - 1;
  if (armed.name === 'stamp-missing') {
    await write(records.slice(0, entries));
    failPoint('stamp-missing', where);
  } else if (armed.name === 'entries-missing' && entries > 1) {
    await write(records.slice(0, Math.floor(entries / 2)));
    failPoint('entries-missing', where);
  }
}

function parse(text: string | undefined): Armed | undefined {
  const match = /^([a-z-]+)(?:\/([a-z]+))?:(\d+)$/.exec(text ?? '');
  if (match === null) return undefined;
  const [, name = '', stage = '', passages] = match;
  return { name, stage, passagesLeft: Number(passages) };
}
