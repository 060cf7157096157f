import { accessSync, constants, existsSync, statfsSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import path from 'node:path';
import type { Config } from '../pipelines/config.ts';
import { systemClock } from '../runtime/clock.ts';
import { PipelineError } from '../runtime/errors.ts';
import { OptionsInvalid } from '../runtime/options/options.ts';
import { formatBytes } from '../runtime/options/quantity.ts';
import { type ConfigFlags, readConfig } from './command-options.ts';
import { CommandFailure, exitCode } from './exit-code.ts';
import { openCommandLog } from './open-log.ts';
import { printRows, type RowColumn, type RowFormat } from './print-rows.ts';
import { openProgress } from './progress.ts';
import type { Style, Terminal } from './terminal.ts';

/** One thing that was looked at. `warn` lets vigie run, `fail` does not. */
interface Finding {
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly detail: string;
}

const STYLES: Readonly<Record<Finding['state'], Style>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
};
const LEAST_NODE = [24, 6] as const;
const LEAST_MEMORY_BYTES = 1024 ** 3;

const columns: readonly RowColumn<Finding>[] = [
  { title: 'CHECK', text: (row) => row.check },
  {
    title: 'STATE',
    text: (row) => row.state,
    style: (row, paint, cell) => paint(STYLES[row.state], cell),
  },
  { title: 'DETAIL', text: (row) => row.detail },
];

/**
 * Looks at everything vigie needs and prints what it found.
 *
 * @throws CommandFailure (exit 3) when something would keep it from running.
 */
export async function examine(
  terminal: Terminal,
  flags: ConfigFlags,
  format: RowFormat,
): Promise<void> {
  const findings: Finding[] = [nodeVersion(), machine(), hostMetrics()];
  for (const name of ['onnxruntime-node', 'snappy', 'node:sqlite'])
    findings.push(await loadable(name));
  const config = configuration(terminal, flags, findings);
  const progress = openProgress(terminal, () => systemClock.nowMs());
  progress.show('asking what vigie connects to …');
  if (config !== undefined) {
    findings.push(await registry(config));
    findings.push(...(config.transport.kind === 'kafka' ? [] : dataFolder(config, terminal.cwd)));
    findings.push(await transport(config, terminal.cwd));
  }
  progress.clear();
  printRows(terminal, format, columns, findings);
  const failed = findings.filter(({ state }) => state === 'fail').length;
  if (failed > 0)
    throw new CommandFailure(`${failed} of ${findings.length} checks failed`, exitCode.checkFailed);
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  const detail = enough
    ? process.versions.node
    : `${process.versions.node}; needs ${LEAST_NODE.join('.')} or newer`;
  return { check: 'node', state: enough ? 'ok' : 'fail', detail };
}

function machine(): Finding {
  const memory = totalmem();
  const detail = `${availableParallelism()} cores, ${formatBytes(memory)} memory, ${process.platform}-${process.arch}`;
  return { check: 'machine', state: memory < LEAST_MEMORY_BYTES ? 'warn' : 'ok', detail };
}

function hostMetrics(): Finding {
  const proc = existsSync('/proc/stat');
  return {
    check: 'host metrics',
    state: 'ok',
    detail: proc ? 'from /proc' : 'no /proc: cpu, load and memory only',
  };
}

async function loadable(name: string): Promise<Finding> {
  try {
    await import(name);
    return { check: name, state: 'ok', detail: 'loads' };
  } catch (error) {
    return { check: name, state: 'fail', detail: `${messageOf(error)}; run npm install` };
  }
}

function configuration(
  terminal: Terminal,
  flags: ConfigFlags,
  findings: Finding[],
): Config | undefined {
  try {
    const { options, file } = readConfig(terminal, flags);
    findings.push({ check: 'configuration', state: 'ok', detail: file ?? 'defaults' });
    return options;
  } catch (error) {
    if (!(error instanceof OptionsInvalid)) throw error;
    const detail = `${error.faults.length} faults; \`vigie config check\` lists them`;
    findings.push({ check: 'configuration', state: 'fail', detail });
    return undefined;
  }
}

async function registry(config: Config): Promise<Finding> {
  const { url } = config.schemaRegistry;
  const check = 'schema registry';
  try {
    const { registerSchemas } = await import('../pipelines/open-registry.ts');
    await registerSchemas(config);
    return { check, state: 'ok', detail: url === undefined ? 'files' : new URL(url).host };
  } catch (error) {
    return { check, state: 'fail', detail: messageOf(error) };
  }
}

function dataFolder(config: Config, cwd: string): Finding[] {
  const { dir, maxBytes } = config.transport.embedded;
  const check = 'data folder';
  let folder = path.resolve(cwd, dir);
  while (!existsSync(folder)) folder = path.dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
  } catch {
    return [{ check, state: 'fail', detail: `${dir} cannot be written to` }];
  }
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const detail = `${dir}, ${formatBytes(free)} free, at most ${formatBytes(maxBytes)} used`;
  return [{ check, state: free < maxBytes ? 'warn' : 'ok', detail }];
}

async function transport(config: Config, cwd: string): Promise<Finding> {
  const { kind, embedded, kafka } = config.transport;
  const check = `transport ${kind}`;
  if (kind === 'embedded' && !existsSync(path.resolve(cwd, embedded.dir, 'log.db'))) {
    return { check, state: 'ok', detail: 'no topic log yet' };
  }
  try {
    const { openTransport } = await import('../pipelines/open-transport.ts');
    const opened = await openTransport(config, openCommandLog(config));
    const count = (await opened.listTopics()).filter((name) =>
      name.startsWith(config.topics.prefix),
    ).length;
    await opened.close();
    const where = kind === 'kafka' ? kafka.brokers.join(', ') : embedded.dir;
    return { check, state: 'ok', detail: `${where}, ${count} topics` };
  } catch (error) {
    const busy = error instanceof PipelineError && error.code === 'LOG_IN_USE';
    return { check, state: busy ? 'warn' : 'fail', detail: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
