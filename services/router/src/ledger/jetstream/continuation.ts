import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '@parley/runtime';
import type { Projection } from './projection.ts';
import { entriesPerMessage, positionOf } from './subjects.ts';

export interface StreamEnd {
  readonly stream: string;
  readonly lastSequence: number;
  /** The entries of one message; undefined when it has been removed. */
  readonly entriesAt: (sequence: number) => Promise<readonly unknown[] | undefined>;
}

/**
 * Checks that the local copy is a prefix of the stream, so that the router may continue after it. Rejects with a ConfigError
 * when the stream lacks messages of the copy, for example after the restore of an older backup of the stream: the copy may be
 * the only place that has them.
 */
export const checkContinuation = async (
  projection: Projection,
  path: string,
  { stream, lastSequence, entriesAt }: StreamEnd,
): Promise<void> => {
  const { sequence, ledger } = projection;
  if (sequence === 0) return;
  const refused = (why: string) =>
    new ConfigError([
      `ROUTER_NATS_PROJECTION: ${path} ${why}: the stream ${stream} was set back; move the file away to go on with what the stream has`,
    ]);
  if (sequence > lastSequence)
    throw refused(`holds message ${sequence}, and the stream ends at ${lastSequence}`);
  const stored = await entriesAt(sequence);
  const first = positionOf(sequence, 0);
  const copied = ledger.readAll(first - 1, entriesPerMessage);
  const isSame = copied.every(({ position, entry }) => isDeepStrictEqual(entry, stored?.[position - first]));
  // A conversation that was removed from either of them proves nothing.
  if (stored === undefined || isSame) return;
  throw refused(`holds another message ${sequence} than the stream`);
};
