import { execFileSync } from 'node:child_process';

/** What the machine offers for starting servers. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Major version of `java`, or undefined where there is none. */
  readonly javaMajor: number | undefined;
  readonly maven: boolean;
}

/** Whether tests that need a server can run, and if not, why and what would help. */
export type Availability =
  | { readonly kind: 'named' | 'own' }
  | { readonly kind: 'absent'; readonly reason: string };

/**
 * Decides where a server comes from: the environment names one, else Java 17 and Maven start our own.
 *
 * @param variable the environment name that would point to a running server; absent when only our own will do.
 */
export function serverAvailability(machine: Machine, variable?: string): Availability {
  const named = variable === undefined ? undefined : machine.env[variable];
  if (named !== undefined && named !== '') return { kind: 'named' };
  const lacking: string[] = [];
  if ((machine.javaMajor ?? 0) < 17) {
    const found = machine.javaMajor === undefined ? 'none' : `${machine.javaMajor}`;
    lacking.push(`Java 17 or later (found: ${found})`);
  }
  if (!machine.maven) lacking.push('Maven');
  if (lacking.length === 0) return { kind: 'own' };
  const other = variable === undefined ? '' : `, or ${variable}`;
  return { kind: 'absent', reason: `needs ${lacking.join(' and ')}${other}` };
}

/**
 * Says whether tests that need a Kafka broker can run here; says loudly what is not run where they cannot.
 *
 * @param what names the tests in that message.
 * @throws Error when they cannot run and `CI` is `true`: there a skipped test would look like a passed one.
 */
export function requireBroker(what: string, machine: Machine = thisMachine()): boolean {
  return requireServer(what, 'VIGIE_TEST_BROKERS', machine);
}

/** Says the same for tests that kill brokers, which one named by the environment is not for. */
export function requireOwnBroker(what: string, machine: Machine = thisMachine()): boolean {
  return requireServer(what, undefined, machine);
}

/** Says the same for the schema registry. @throws Error as `requireBroker` does. */
export function requireRegistry(what: string, machine: Machine = thisMachine()): boolean {
  return requireServer(what, 'VIGIE_TEST_REGISTRY', machine);
}

function requireServer(what: string, variable: string | undefined, machine: Machine): boolean {
  const availability = serverAvailability(machine, variable);
  if (availability.kind !== 'absent') return true;
  const message = `NOT RUN: ${what}: ${availability.reason}`;
  if (machine.env.CI === 'true') throw new Error(message);
  process.stderr.write(`\n${'!'.repeat(80)}\n${message}\n${'!'.repeat(80)}\n\n`);
  return false;
}

function thisMachine(): Machine {
  return { env: process.env, javaMajor: javaMajor(), maven: answers('mvn', ['-version']) };
}

function javaMajor(): number | undefined {
  try {
    return parseJavaMajor(execFileSync('java', ['--version'], { encoding: 'utf8' }));
  } catch {
    return undefined;
  }
}

/** Reads the major version out of the first line of `java --version`, as in `openjdk 17.0.15 2025-04-15`. */
export function parseJavaMajor(text: string): number | undefined {
  const match = /^\S+ (\d+)/.exec(text);
  return match?.[1] === undefined ? undefined : Number(match[1]);
}

function answers(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, [...args], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
