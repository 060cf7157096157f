import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brokerProperties, clusterId, type NodePorts } from './broker-properties.ts';
import { installKafka, installRegistry, kafkaClassArchive, registryJar } from './installation.ts';
import { freePorts, ServerProcess } from './server-process.ts';

const run = promisify(execFile);
const lightJvm = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
const wideJvm = ['-Xms512m', '-Xmx1g', '-XX:+UseG1GC'];

/** What a broker is started with; all of it has a default. */
export interface BrokerOptions {
  /** Lines added to `server.properties`; they win over ours. */
  readonly properties?: Readonly<Record<string, string>>;
  /** `light` (default) starts fast on few cores; `wide` is for throughput runs. */
  readonly jvm?: 'light' | 'wide';
  /** Starts one of our own even where the environment names another. */
  readonly own?: boolean;
}

/** A broker to test against. `owned` is false for one named by the environment: it cannot be killed or restarted. */
export interface Broker {
  /** `host:port`, as a client wants them. */
  readonly brokers: readonly string[];
  readonly owned: boolean;
  /** Stops it as an operator would and removes its data. */
  stop(): Promise<void>;
  /** Kills it with SIGKILL, keeping its data for `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it takes connections. */
  restart(): Promise<void>;
}

/** A schema registry with the Confluent API. */
export interface Registry {
  /** Base URL of the Confluent API, without a slash at the end. */
  readonly url: string;
  readonly owned: boolean;
  stop(): Promise<void>;
}

/** Three brokers as one cluster: replication 3, two in-sync replicas needed. `nodes` lists them for kills. */
export interface Cluster {
  readonly brokers: readonly string[];
  readonly nodes: readonly Broker[];
  stop(): Promise<void>;
}

/**
 * Starts a single Kafka 4.4 node on free loopback ports, or takes the one that `VIGIE_TEST_BROKERS` names.
 *
 * The first call on a machine downloads 43 MB by Maven. The node ends with this process, even after kill -9.
 */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const named = process.env.VIGIE_TEST_BROKERS;
  if (options.own !== true && named !== undefined && named !== '') return namedBroker(named);
  const [client, controller] = await freePorts(2);
  if (client === undefined || controller === undefined) throw new Error('no free port');
  return await startNode(1, [{ client, controller }], options);
}

/** Starts three nodes as one cluster; always our own, since its tests kill brokers. */
export async function startCluster(options: BrokerOptions = {}): Promise<Cluster> {
  await installKafka();
  const ports = await freePorts(6);
  const layout: NodePorts[] = [0, 1, 2].map((index) => ({
    client: ports[2 * index] ?? 0,
    controller: ports[2 * index + 1] ?? 0,
  }));
  const nodes = await Promise.all([1, 2, 3].map((id) => startNode(id, layout, options)));
  return {
    brokers: nodes.flatMap((node) => node.brokers),
    nodes,
    stop: async () => {
      await Promise.all(nodes.map((node) => node.kill()));
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/**
 * Starts an Apicurio registry (in memory) on a free loopback port, or takes the one `VIGIE_TEST_REGISTRY` names.
 *
 * Its global compatibility is set to BACKWARD, as Confluent’s registry has it; its own default is NONE.
 */
export async function startRegistry(): Promise<Registry> {
  const named = process.env.VIGIE_TEST_REGISTRY;
  if (named !== undefined && named !== '') {
    return { url: named.replace(/\/$/, ''), owned: false, stop: () => Promise.resolve() };
  }
  const home = await installRegistry();
  const folder = await mkdtemp(join(tmpdir(), 'vigie-registry-'));
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const server = await ServerProcess.start({
    name: 'schema registry',
    folder,
    command: ['java', '-Xmx384m', ...lightJvm.slice(2), '-jar', registryJar(home)],
    env: {
      QUARKUS_HTTP_PORT: String(port),
      QUARKUS_HTTP_HOST: '127.0.0.1',
      APICURIO_STORAGE_KIND: 'sql',
      QUARKUS_OTEL_SDK_DISABLED: 'true',
    },
    ready: async () => (await fetch(`${url}/subjects`)).ok,
  });
  const answer = await fetch(`${url}/config`, {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: 'BACKWARD' }),
  });
  if (!answer.ok) throw new Error(`the registry refused its configuration: ${answer.status}`);
  return {
    url,
    owned: true,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function namedBroker(list: string): Broker {
  const unowned = (): Promise<never> =>
    Promise.reject(new Error('a broker named by VIGIE_TEST_BROKERS is not ours to kill'));
  return {
    brokers: list.split(',').map((part) => part.trim()),
    owned: false,
    stop: () => Promise.resolve(),
    kill: unowned,
    restart: unowned,
  };
}

async function startNode(
  id: number,
  layout: readonly NodePorts[],
  options: BrokerOptions,
): Promise<Broker> {
  const java = ['java', ...(await classArchiveFlags()), ...(await installKafka())];
  const folder = await mkdtemp(join(tmpdir(), `vigie-kafka-${id}-`));
  const port = layout[id - 1]?.client ?? 0;
  const propertiesFile = join(folder, 'server.properties');
  const properties = { ...brokerProperties(id, layout, folder), ...options.properties };
  await writeFile(propertiesFile, toLines(properties));
  await format(java, propertiesFile);
  const jvm = options.jvm === 'wide' ? wideJvm : lightJvm;
  const start = (): Promise<ServerProcess> =>
    ServerProcess.start({
      name: `Kafka node ${id}`,
      folder,
      command: ['java', ...jvm, ...java.slice(1), 'kafka.Kafka', propertiesFile],
      ready: () => takesConnections(port),
    });
  let server = await start();
  return {
    brokers: [`127.0.0.1:${port}`],
    owned: true,
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
    kill: () => server.kill(),
    restart: async () => {
      server = await start();
    },
  };
}

async function format(java: readonly string[], propertiesFile: string): Promise<void> {
  const [command = 'java', ...flags] = java;
  const tool = ['kafka.tools.StorageTool', 'format', '--ignore-formatted'];
  await run(command, [...flags, ...tool, '-t', clusterId, '-c', propertiesFile]);
}

/** Makes the class archive on a machine’s first start, and returns the flags that use it. */
async function classArchiveFlags(): Promise<readonly string[]> {
  const archive = kafkaClassArchive();
  if (existsSync(archive)) return [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto'];
  const classPath = await installKafka();
  const folder = await mkdtemp(join(tmpdir(), 'vigie-kafka-archive-'));
  const [client = 0, controller = 0] = await freePorts(2);
  const propertiesFile = join(folder, 'server.properties');
  await writeFile(propertiesFile, toLines(brokerProperties(1, [{ client, controller }], folder)));
  await format(['java', ...classPath], propertiesFile);
  const part = `${archive}.${process.pid}`;
  const dump = [`-XX:ArchiveClassesAtExit=${part}`, ...classPath, 'kafka.Kafka', propertiesFile];
  const server = await ServerProcess.start({
    name: 'Kafka (class archive)',
    folder,
    command: ['java', ...lightJvm, ...dump],
    ready: () => takesConnections(client),
  });
  await server.stop();
  await rm(folder, { recursive: true, force: true });
  if (!existsSync(part)) return [];
  await rename(part, archive);
  return [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto'];
}

function toLines(properties: Readonly<Record<string, string>>): string {
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const settle = (open: boolean): void => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
