import type { Config } from '../pipelines/config.ts';
import { createLog, type Log, type LogLevel } from '../runtime/log.ts';

/** Opens the log as configured; every line carries the names of the installation that were given. */
export function openLog({ runtime }: Config, level: LogLevel = runtime.logLevel): Log {
  const log = createLog(level);
  const names = {
    ...(runtime.clusterName === undefined ? {} : { cluster: runtime.clusterName }),
    ...(runtime.namespace === undefined ? {} : { namespace: runtime.namespace }),
  };
  if (Object.keys(names).length === 0) return log;
  return {
    debug: (fields, text) => log.debug({ ...names, ...fields }, text),
    info: (fields, text) => log.info({ ...names, ...fields }, text),
    warn: (fields, text) => log.warn({ ...names, ...fields }, text),
    error: (fields, text) => log.error({ ...names, ...fields }, text),
  };
}

/** Opens the log of a short command: warnings and errors only, unless the configuration asks for fewer. */
export function openCommandLog(config: Config): Log {
  const { logLevel } = config.runtime;
  return openLog(config, ['error', 'fatal', 'silent'].includes(logLevel) ? logLevel : 'warn');
}
