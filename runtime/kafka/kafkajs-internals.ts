import { createRequire } from 'node:module';
import type { Socket } from 'node:net';

/**
 * Typed access to the inside of kafkajs 2.2.4 (pinned; the last release of a dormant project).
 *
 * Its connections, authentication and wire formats are used; its producer and consumer are not: the one loses and
 * doubles records when a leader moves, the other joins again without letting anybody finish the partitions it gives up.
 * See docs/decisions/0006-kafka-requests.md.
 */
const require = createRequire(import.meta.url);

/** Makes the socket of a connection; it may not be connected yet. */
export type SocketFactory = (options: object) => Socket;

/** A request of the protocol with the functions that read its response. */
export interface ProtocolCall {
  readonly request: { readonly apiVersion: number };
  readonly response: {
    readonly decode: (bytes: Buffer) => Promise<unknown>;
    readonly parse: (decoded: unknown) => Promise<unknown>;
  };
  readonly requestTimeout?: number | null;
}

export type ProtocolVersions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number }>
>;

/** All versions of one request; `protocol` gives the builder of one version. */
export interface RequestDefinition {
  readonly versions: readonly string[];
  protocol(version: { readonly version: number }): (parameters: object) => ProtocolCall;
}

export interface KafkajsConnection {
  readonly requestQueue: {
    readonly pending: readonly unknown[];
    scheduleCheckPendingRequests(): void;
  };
  connect(): Promise<unknown>;
  rejectRequests(error: Error): void;
  disconnect(): Promise<unknown>;
}

export interface KafkajsConnectionPool {
  readonly host: string;
  readonly port: number;
  readonly pool: readonly KafkajsConnection[];
  send(call: ProtocolCall): Promise<unknown>;
}

export interface KafkajsBroker {
  readonly connectionPool: KafkajsConnectionPool;
  readonly versions: ProtocolVersions | null;
  isConnected(): boolean;
  connect(): Promise<void>;
  lookupRequest(
    apiKey: number,
    definition: RequestDefinition,
  ): (parameters: object) => ProtocolCall;
}

export interface ConnectionPoolBuilder {
  build(destination?: {
    readonly host: string;
    readonly port: number;
  }): Promise<KafkajsConnectionPool>;
}

export interface KafkajsLogger {
  namespace(name: string): KafkajsLogger;
}

/** A line that kafkajs logs. */
export interface KafkajsLogEntry {
  readonly namespace: string;
  readonly label: string;
  readonly log: Readonly<Record<string, unknown>> & { readonly message: string };
}

interface Decoder {
  readInt8(): number;
  readInt16(): number;
  readInt32(): number;
  readInt64(): { toString(): string };
  readString(): string;
  readBytes(length?: number): Buffer | null;
  readArray<T>(read: (decoder: Decoder) => T): T[];
  canReadBytes(length: number): boolean;
}

/** Reads Kafka’s primitive types from a buffer. */
export type WireDecoder = Decoder;

/** A record as kafkajs decodes it; a header given twice holds an array. */
export interface DecodedRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | null | readonly (Buffer | null)[]>>;
}

/** A stored batch as kafkajs decodes it. */
export interface DecodedBatch {
  readonly firstOffset: string;
  readonly lastOffsetDelta: number;
  readonly producerId: string;
  readonly inTransaction: boolean;
  readonly isControlBatch: boolean;
  readonly records: readonly DecodedRecord[];
}

export const apiKeys: Readonly<
  Record<string, number>
> = require('kafkajs/src/protocol/requests/apiKeys');
export const requests: Readonly<Record<string, RequestDefinition>> =
  require('kafkajs/src/protocol/requests').requests;
export const WireDecoder: new (buffer: Buffer) => Decoder = require('kafkajs/src/protocol/decoder');
export const decodeRecordBatch: (
  decoder: Decoder,
) => Promise<DecodedBatch> = require('kafkajs/src/protocol/recordBatch/v0/decoder');
/** The codec that the attributes of a batch name; null for none. */
export const codecOf: (
  attributes: number,
) => { decompress(bytes: Buffer): Promise<Buffer> } | null =
  require('kafkajs/src/protocol/message/compression').lookupCodecByAttributes;
export const Broker: new (options: {
  readonly connectionPool: KafkajsConnectionPool;
  readonly logger: KafkajsLogger;
  readonly allowAutoTopicCreation: boolean;
}) => KafkajsBroker = require('kafkajs/src/broker');
export const connectionPoolBuilder: (
  options: object,
) => ConnectionPoolBuilder = require('kafkajs/src/cluster/connectionPoolBuilder');
export const defaultSocketFactory: () => SocketFactory =
  require('kafkajs/src/network/socketFactory');
export const createLogger: (options: {
  readonly level: number;
  readonly logCreator: () => (entry: KafkajsLogEntry) => void;
}) => KafkajsLogger = require('kafkajs/src/loggers').createLogger;
