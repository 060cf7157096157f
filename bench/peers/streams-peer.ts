import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundledModels } from '../../models/onnx-ensemble.ts';
import { serversHome } from '../../test/servers/installation.ts';
import { environmentOfServers } from '../../test/servers/server-process.ts';

const run = promisify(execFile);
const source = fileURLToPath(new URL('streams', import.meta.url));
const BUILD_LIMIT_MS = 600_000;
/** As those who run Kafka Streams would have it on two cores: the default collector, a heap that never grows tight. */
const JVM = ['-Xms1g', '-Xmx2g', '-XX:+UseG1GC'];

/** What the peer reads and writes. */
export interface StreamsJob {
  readonly brokers: readonly string[];
  readonly input: string;
  readonly output: string;
  /** File with the Avro schema of the input. */
  readonly schemaFile: string;
  /** Its id: records with another are no batches. */
  readonly schemaId: number;
  readonly threads: number;
  /** Where it may keep its state. */
  readonly folder: string;
}

/** The Kafka Streams application while it runs. */
export class StreamsPeer {
  /** Points that it has scored, as of its last line, a tenth of a second old at most. */
  points = 0;
  /** Rejects when it ends by itself. */
  readonly failed: Promise<never>;
  readonly #child: ChildProcess;
  #errors = '';
  #stopping = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.points = Number(line);
      });
    }
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-4000);
    });
    this.failed = new Promise<never>((_, reject) => {
      child.once('exit', (code) => {
        if (!this.#stopping) reject(new Error(`the peer ended with ${code}: ${this.#errors}`));
      });
    });
    this.failed.catch(() => undefined);
  }

  /** Builds the application unless it is built, by Maven, and starts it. */
  static async start(job: StreamsJob): Promise<StreamsPeer> {
    const classes = await built();
    const { brokers, input, output, schemaFile, schemaId, threads, folder } = job;
    const command = [
      ...JVM,
      '-cp',
      `${classes}/*`,
      'vigie.peer.Peer',
      brokers.join(','),
      input,
      output,
      bundledModels(),
      schemaFile,
      String(threads),
      folder,
      'streams-peer',
      String(schemaId),
    ];
    return new StreamsPeer(spawn('java', command, { env: environmentOfServers() }));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin?.end();
    await ended;
  }
}

/** Builds the jars into a folder named after their sources, once per version of them. */
async function built(): Promise<string> {
  const files = (await readdir(source, { recursive: true })).filter((name) =>
    /\.(java|xml)$/.test(name),
  );
  const hash = createHash('sha256');
  for (const name of files.sort()) hash.update(name).update(await readFile(join(source, name)));
  const final = join(serversHome(), `streams-peer-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(final)) return final;
  await mkdir(dirname(final), { recursive: true });
  const work = await mkdtemp(`${final}.part-`);
  await cp(source, work, { recursive: true });
  const jars = join(work, 'jars');
  const copy = ['dependency:copy-dependencies', `-DoutputDirectory=${jars}`];
  const args = ['-B', '-q', '-f', join(work, 'pom.xml'), 'package', ...copy];
  await run('mvn', [...args, '-DincludeScope=runtime'], { timeout: BUILD_LIMIT_MS });
  await cp(join(work, 'target', 'streams-peer-1.jar'), join(jars, 'streams-peer.jar'));
  await rename(jars, final);
  await rm(work, { recursive: true });
  return final;
}
