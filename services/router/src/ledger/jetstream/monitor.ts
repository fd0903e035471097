import { ConfigError } from '@parley/runtime';
import type { SyncRule } from './stream/stream-check.ts';

const timeoutMs = 5_000;

interface Varz {
  readonly jetstream?: { readonly config?: { readonly sync_always?: unknown } };
}

/** Whether one server syncs every message, as its monitoring address reports. */
const syncsAlways = async (address: string): Promise<boolean> => {
  const url = new URL('/varz', address);
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    const { jetstream } = (await answer.json()) as Varz;
    if (!jetstream?.config) throw new Error('it says nothing of JetStream');
    return jetstream.config.sync_always === true;
  } catch (error) {
    const why = (error as { cause?: Error }).cause?.message ?? (error as Error).message;
    throw new ConfigError([`ROUTER_NATS_MONITOR: ${url} cannot be read: ${why}`]);
  }
};

/** Whether all servers write every message to the disk before they acknowledge it. `addresses`: separated by commas. */
export const syncRule = async (addresses: string | undefined): Promise<SyncRule> => {
  if (addresses === undefined) return 'unknown';
  const all = await Promise.all(addresses.split(',').map((address) => syncsAlways(address.trim())));
  return all.every((always) => always) ? 'always' : 'interval';
};
