import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { bundledModels } from '../../models/onnx-ensemble.ts';
import { environmentOfServers } from '../../test/servers/server-process.ts';
import { builtPeer } from './streams-build.ts';

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
  /** Points between two windows; 0 goes by the interval. */
  readonly hop: number;
  /** Does less than detect does: simpler levels, no season, no rate, no episodes. */
  readonly light: boolean;
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
    const classes = await builtPeer();
    const { brokers, input, output, schemaFile, schemaId, threads, hop, light, folder } = job;
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
      light ? 'light-peer' : 'streams-peer',
      String(schemaId),
      String(hop),
      ...(light ? ['--light'] : []),
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
