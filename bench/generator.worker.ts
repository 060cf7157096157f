import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { registerSchemas } from '../pipelines/open-registry.ts';
import { openTransport } from '../pipelines/open-transport.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLog } from '../runtime/log.ts';
import type { Transport } from '../runtime/transport.ts';
import { Codec } from '../schemas/codec.ts';
import { type FleetRecord, FleetSource } from './fleet-source.ts';
import type {
  GeneratorCall,
  GeneratorReport,
  GeneratorSetup,
  SentRecord,
} from './generator-call.ts';
import { singlePoints } from './single-points.ts';

// The load of a bench, in a thread of its own so that its cost can be told apart.

/** Records of one send while nothing else limits it. */
const SEND_RECORDS = 16;
const port = parentPort;
if (port === null) throw new Error('this is a worker thread');
const { config, fleet, single } = workerData as GeneratorSetup;
const { ids } = await registerSchemas(config);
const codec = new Codec(ids);
const source = new FleetSource(codec, fleet);
const { partitions, prefix } = config.topics;
const kafka: Transport | undefined =
  config.transport.kind === 'kafka' ? await openTransport(config, createLog('warn')) : undefined;
let granted = 0;
let halted = false;
let sentPoints = 0;
let sentRecords = 0;
let working: Promise<void> = Promise.resolve();
let written = Promise.withResolvers<void>();

function cpuSeconds(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1e6;
}

function report(message: GeneratorReport): void {
  port?.postMessage(message);
}

async function send(records: readonly FleetRecord[]): Promise<void> {
  const sent = records.flatMap(placed);
  if (kafka !== undefined) {
    const topic = `${prefix}metrics.raw`;
    const timestampMs = systemClock.nowMs();
    const outbound = sent.map((each) => ({ ...each, topic, key: null, headers: {}, timestampMs }));
    await kafka.write('bench', outbound);
  } else {
    written = Promise.withResolvers();
    report({ kind: 'records', records: sent, cpuSeconds: cpuSeconds() });
    await written.promise;
  }
  for (const { points } of records) sentPoints += points;
  sentRecords += sent.length;
  report({ kind: 'sent', points: sentPoints, records: sentRecords, cpuSeconds: cpuSeconds() });
}

function placed({ group, value }: FleetRecord): SentRecord[] {
  const partition = group % partitions;
  if (!single) return [{ partition, value }];
  return singlePoints(codec, value).map((point) => ({ partition, value: point }));
}

async function history(): Promise<void> {
  let waiting: FleetRecord[] = [];
  for (const record of source.history()) {
    waiting.push(record);
    if (waiting.length < SEND_RECORDS) continue;
    await send(waiting);
    waiting = [];
  }
  if (waiting.length > 0) await send(waiting);
  report({ kind: 'history', cpuSeconds: cpuSeconds() });
}

async function spend(): Promise<void> {
  while (granted > 0 && !halted) {
    const records: FleetRecord[] = [];
    while (granted > 0 && records.length < SEND_RECORDS) {
      const record = source.next();
      granted -= record.points;
      records.push(record);
    }
    await send(records);
  }
}

/** Sends what is due, in one send if several are: a late send does not move what comes after it. */
async function live(): Promise<void> {
  let due: FleetRecord[] = [];
  for (const record of source.inTime()) {
    const waitMs = record.dueMs - systemClock.nowMs();
    if (waitMs > 0) {
      if (due.length > 0) await send(due);
      due = [];
      const rest = record.dueMs - systemClock.nowMs();
      if (rest > 0) await sleep(rest);
    }
    if (halted) return;
    due.push(record);
  }
}

port.on('message', (call: GeneratorCall) => {
  if (call.kind === 'written') written.resolve();
  else if (call.kind === 'grant') {
    granted += call.points;
    working = working.then(spend);
  } else if (call.kind === 'history') working = working.then(history);
  else if (call.kind === 'live') working = working.then(live);
  else {
    halted = true;
    working = working.then(async () => {
      report({ kind: 'halted', planted: source.planted, cpuSeconds: cpuSeconds() });
      await kafka?.close();
      port.close();
    });
  }
});
report({ kind: 'ready', cpuSeconds: cpuSeconds() });
