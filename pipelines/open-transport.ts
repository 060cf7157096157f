import { systemClock } from '../runtime/clock.ts';
import { tuneEngine } from '../runtime/engine-tuning.ts';
import type { Log } from '../runtime/log.ts';
import type { Transport } from '../runtime/transport.ts';
import type { Config } from './config.ts';

/**
 * Opens the transport that the configuration names; the other one’s library is not loaded. The engine is told to expect
 * the buffers of its records.
 *
 * @throws PipelineError `TRANSPORT_REFUSED` (fate: stop), for one when another process holds the embedded log.
 */
export async function openTransport(config: Config, log: Log): Promise<Transport> {
  const { kind, embedded, kafka } = config.transport;
  tuneEngine();
  if (kind === 'kafka') {
    const { openKafkaTransport } = await import('../runtime/kafka/kafka-transport.ts');
    return openKafkaTransport({ ...kafka, log });
  }
  const { EmbeddedTransport } = await import('../runtime/embedded/embedded-transport.ts');
  return EmbeddedTransport.open({
    folder: embedded.dir,
    synchronous: embedded.durability,
    maxBytes: embedded.maxBytes,
    clock: systemClock,
    onTruncated: (truncation) => {
      // What everybody had read goes all the time; only what somebody lost is news.
      const level = truncation.unread > 0 ? 'warn' : 'debug';
      log[level]({ truncation }, 'old records were removed to stay below the size limit');
    },
  });
}
