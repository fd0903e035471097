import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  type StorageType,
  type StreamInfo,
} from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import { ConfigError } from '@parley/runtime';
import { isElecting } from '../../ledger/jetstream/electing.ts';

export interface BucketOptions {
  /** The name of the key-value bucket. */
  readonly bucket: string;
  readonly replicas: number;
  readonly storage: StorageType;
  /** All entries are deleted after this time without a change. */
  readonly maxAgeMs?: number;
}

const streamNotFound = 10_059;

/** The stream that a key-value bucket is. */
export const streamOfBucket = (bucket: string): string => `KV_${bucket}`;

const made = (manager: JetStreamManager, options: BucketOptions): Promise<StreamInfo> => {
  const { bucket, replicas, storage, maxAgeMs } = options;
  return manager.streams.add({
    name: streamOfBucket(bucket),
    subjects: [`$KV.${bucket}.>`],
    storage,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    max_consumers: -1,
    num_replicas: replicas,
    allow_rollup_hdrs: true,
    // A replica that lags behind would show what was replaced.
    allow_direct: false,
    allow_msg_ttl: true,
    deny_delete: true,
    ...(maxAgeMs !== undefined && { max_age: nanos(maxAgeMs) }),
  });
};

/**
 * Makes the bucket when it is not there. In a bucket of an earlier version no key can end by itself, so it is changed. Rejects with a
 * ConfigError when the user of this router may not do that.
 */
export const openBucket = async (manager: JetStreamManager, options: BucketOptions): Promise<void> => {
  const stream = streamOfBucket(options.bucket);
  const { config } = await manager.streams.info(stream).catch((error: unknown) => {
    if ((error as { code?: number }).code !== streamNotFound) throw error;
    return made(manager, options);
  });
  if (config.allow_msg_ttl === true) return;
  try {
    await manager.streams.update(stream, { allow_msg_ttl: true });
  } catch (error) {
    if (isElecting(error)) throw error;
    throw new ConfigError([
      `ROUTER_LEDGER: an earlier version has made the bucket ${options.bucket}, and this router cannot change it: ${(error as Error).message}; give its user the permissions that "parley router nats-permissions" prints`,
    ]);
  }
};
