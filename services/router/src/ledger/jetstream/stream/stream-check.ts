/** The configuration of a stream that decides whether entries can be lost. Field names are those of the server. */
export interface StreamShape {
  readonly subjects?: readonly string[];
  readonly storage: string;
  readonly retention: string;
  readonly discard: string;
  readonly max_age: number;
  readonly max_msgs: number;
  readonly max_bytes: number;
  readonly max_msgs_per_subject: number;
  readonly num_replicas: number;
  readonly allow_atomic?: boolean;
  readonly persist_mode?: string;
  readonly sealed?: boolean;
  readonly no_ack?: boolean;
  readonly mirror?: unknown;
  readonly deny_purge?: boolean;
}

/** Whether the servers sync every message. `unknown`: no monitoring address was given. */
export type SyncRule = 'always' | 'interval' | 'unknown';

export interface StreamVerdict {
  /** Why a router cannot use the stream. */
  readonly unusable: readonly string[];
  /** What may be lost, in sentences. */
  readonly risks: readonly string[];
}

const nanosPerDay = 86_400e9;
const fewestSafeReplicas = 3;

const dropped = (shape: StreamShape): string[] => {
  const risks: string[] = [];
  if (shape.max_age > 0)
    risks.push(
      `max_age: entries are deleted after ${(shape.max_age / nanosPerDay).toFixed(2)} days, also those of running conversations`,
    );
  if (shape.max_msgs_per_subject > 0)
    risks.push(
      `max_msgs_per_subject: the oldest entries of a conversation are deleted after ${shape.max_msgs_per_subject} commits`,
    );
  if ((shape.max_msgs > 0 || shape.max_bytes > 0) && shape.discard !== 'new')
    risks.push(
      'discard: when the stream is full, the oldest entries are deleted, also those of running conversations',
    );
  if (shape.retention !== 'limits')
    risks.push(`retention: ${shape.retention}: entries are deleted when a consumer has acknowledged them`);
  return risks;
};

const unsynced = (shape: StreamShape, sync: SyncRule): string[] => {
  if (shape.storage === 'memory') return ['storage: memory: all entries are lost when the servers restart'];
  if (shape.persist_mode === 'async')
    return ['persist_mode: async: entries are acknowledged before they are written'];
  if (shape.num_replicas >= fewestSafeReplicas || sync === 'always') return [];
  const known =
    sync === 'unknown'
      ? 'nothing says that its server writes each entry to the disk (sync_interval: always, shown by ROUTER_NATS_MONITOR)'
      : 'its server does not write each entry to the disk (sync_interval is not always)';
  return [
    `num_replicas: ${shape.num_replicas}, and ${known}: a power failure loses the entries that were acknowledged in the last minutes`,
  ];
};

/** Checks the stream of a ledger. `subject`: the pattern of the subjects of all conversations. */
export const checkStream = (shape: StreamShape, sync: SyncRule, subject: string): StreamVerdict => {
  const unusable: string[] = [];
  if (shape.mirror) unusable.push('it is a mirror: nothing can be written to it');
  if (shape.sealed) unusable.push('it is sealed: nothing can be written to it');
  if (shape.no_ack) unusable.push('no_ack: the server acknowledges nothing');
  if (shape.allow_atomic !== true) unusable.push('allow_atomic is off: commits cannot be written together');
  if (shape.deny_purge) unusable.push('deny_purge is on: conversations cannot be removed');
  if (shape.subjects?.length !== 1 || shape.subjects[0] !== subject)
    unusable.push(`its subjects are ${shape.subjects?.join(', ')}, not ${subject}`);
  return { unusable, risks: [...dropped(shape), ...unsynced(shape, sync)] };
};

/** The oldest server version with atomic batches. */
const leastVersion = [2, 12, 0] as const;

/** Undefined when the server is new enough. */
export const versionFault = (version: string): string | undefined => {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number) ?? [];
  for (const [index, least] of leastVersion.entries()) {
    const number = numbers[index] ?? -1;
    if (number > least) return undefined;
    if (number < least)
      return `the server is nats-server ${version}; atomic batches need ${leastVersion.join('.')} or newer`;
  }
  return undefined;
};
