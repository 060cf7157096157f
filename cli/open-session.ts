import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Config } from '../pipelines/config.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { Transport } from '../runtime/transport.ts';
import type { Codec } from '../schemas/codec.ts';
import type { SchemaRegistry } from '../schemas/registry.ts';
import { CommandFailure } from './exit-code.ts';
import { openCommandLog } from './open-log.ts';
import { openProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** What a command needs to read and write topics. */
export interface Session {
  readonly transport: Transport;
  readonly registry: SchemaRegistry;
  readonly codec: Codec;
  readonly prefix: string;
  readonly log: Log;
  close(): Promise<void>;
}

/**
 * Opens transport, registry and codec as configured, for a command that is not the pipeline itself.
 *
 * @param create whether an embedded log that does not exist may be made; a reader finds nothing there anyway.
 * @throws CommandFailure when there is no log to read; PipelineError of transport and registry.
 */
export async function openSession(
  config: Config,
  terminal: Terminal,
  create = false,
): Promise<Session> {
  if (!create) requireLog(config, terminal.cwd);
  const [{ openTransport }, { registerSchemas }, { Codec }] = await Promise.all([
    import('../pipelines/open-transport.ts'),
    import('../pipelines/open-registry.ts'),
    import('../schemas/codec.ts'),
  ]);
  const log = openCommandLog(config);
  const { registry, ids } = await registerSchemas(config);
  const transport = await openTransport(config, log);
  if (config.transport.kind === 'kafka') await reach(transport, config, terminal);
  const close = () => transport.close();
  return { transport, registry, codec: new Codec(ids), prefix: config.topics.prefix, log, close };
}

/** Waits for the brokers here, where it can be said, and not in the first request. */
async function reach(transport: Transport, config: Config, terminal: Terminal): Promise<void> {
  const progress = openProgress(terminal, () => systemClock.nowMs());
  progress.show(`asking ${config.transport.kafka.brokers.join(', ')} …`);
  try {
    await transport.listTopics();
  } finally {
    progress.clear();
  }
}

function requireLog({ transport }: Config, cwd: string): void {
  if (transport.kind !== 'embedded') return;
  const folder = path.resolve(cwd, transport.embedded.dir);
  if (existsSync(path.join(folder, 'log.db'))) return;
  throw new CommandFailure(
    `there is no topic log in ${transport.embedded.dir}`,
    1,
    'Fill one with `npm start` or `vigie run`, or name another by --set transport.embedded.dir=…',
  );
}
