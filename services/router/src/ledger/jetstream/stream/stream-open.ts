import { randomUUID } from 'node:crypto';
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { ConfigError } from '@parley/runtime';
import { BeingCreated } from '../electing.ts';
import { allSubjects } from '../subjects.ts';
import { checkStream, type StreamShape, type SyncRule } from './stream-check.ts';

/** Key in the metadata of the stream; its value is made when the stream is created. */
const incarnationKey = 'parley.incarnation';

/** Retries of a commit come within seconds. For later ones, the comparison of sequences is enough. */
const duplicatesMs = 120_000;

const wanted = (stream: string, replicas: number): Partial<StreamConfig> & { name: string } => ({
  name: stream,
  description: 'The ledger of Parley: one message is one commit of one conversation',
  subjects: [allSubjects(stream)],
  storage: StorageType.File,
  compression: StoreCompression.S2,
  retention: RetentionPolicy.Limits,
  discard: DiscardPolicy.New,
  max_age: 0,
  max_msgs: -1,
  max_bytes: -1,
  max_msgs_per_subject: -1,
  max_consumers: -1,
  num_replicas: replicas,
  duplicate_window: nanos(duplicatesMs),
  allow_atomic: true,
  allow_direct: true,
  // An entry is never changed. Conversations are removed whole, by their subjects.
  deny_delete: true,
  metadata: { [incarnationKey]: randomUUID() },
});

const notFound = 10_059;

/** What the request about a stream gives; undefined when the stream does not exist. */
export const ifStreamExists = async <T>(request: Promise<T>): Promise<T | undefined> => {
  try {
    return await request;
  } catch (error) {
    if ((error as { code?: number }).code === notFound) return undefined;
    throw error;
  }
};

const infoOf = (manager: JetStreamManager, stream: string): Promise<StreamInfo | undefined> =>
  ifStreamExists(manager.streams.info(stream));

const nameInUse = 10_058;

/** When several routers start at the same time, all find no stream. One of them creates it, and the others use it. */
const made = async (manager: JetStreamManager, stream: string, replicas: number): Promise<StreamInfo> => {
  try {
    return await manager.streams.add(wanted(stream, replicas));
  } catch (error) {
    if ((error as { code?: number }).code !== nameInUse) throw error;
    const info = await infoOf(manager, stream);
    if (!info) throw new BeingCreated(`another router is creating the stream ${stream}`, { cause: error });
    return info;
  }
};

export interface StreamOptions {
  readonly stream: string;
  /** Number of replicas when the stream is created. */
  readonly replicas: number;
  readonly sync: SyncRule;
  /** The operator accepts that entries may be lost. */
  readonly acceptsLoss: boolean;
  readonly onRisk: (risk: string) => void;
}

export interface OpenedStream {
  readonly incarnation: string;
  readonly lastSequence: number;
  readonly replicas: number;
}

export const incarnationOf = ({ config, created }: StreamInfo): string =>
  config.metadata?.[incarnationKey] ?? String(created);

/**
 * Finds the stream, or creates it. Rejects with a ConfigError when it could lose entries and the operator has not accepted
 * that.
 */
export const openStream = async (
  manager: JetStreamManager,
  { stream, replicas, sync, acceptsLoss, onRisk }: StreamOptions,
): Promise<OpenedStream> => {
  const info = (await infoOf(manager, stream)) ?? (await made(manager, stream, replicas));
  const { unusable, risks } = checkStream(info.config as StreamShape, sync, allSubjects(stream));
  const problemOf = (fault: string) => `ROUTER_LEDGER: the stream ${stream}: ${fault}`;
  if (unusable.length > 0) throw new ConfigError(unusable.map(problemOf));
  if (risks.length > 0 && !acceptsLoss)
    throw new ConfigError([
      ...risks.map(problemOf),
      'ROUTER_NATS_ACCEPT_LOSS: true starts the router all the same',
    ]);
  for (const risk of risks) onRisk(risk);
  return {
    incarnation: incarnationOf(info),
    lastSequence: info.state.last_seq,
    replicas: info.config.num_replicas,
  };
};
