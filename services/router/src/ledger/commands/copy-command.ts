import { existsSync } from 'node:fs';
import { ConfigError } from '@parley/runtime';
import type { Ledger } from '../ledger.ts';
import { natsPattern } from '../nats-settings.ts';
import { copyLedger } from './copy-ledger.ts';

const usage =
  'usage: parley-router copy FROM TO; each is a file, or servers of NATS (nats://HOST:4222) with the settings ROUTER_NATS_…';

/** `parley-router copy`: from one ledger to another; when it is interrupted, the same command goes on. No router may run. */
export const copyCommand = async (
  args: readonly string[],
  open: (ledger: string) => Promise<Ledger>,
  onProgress: (line: string) => void,
): Promise<string> => {
  const [from, to, ...rest] = args;
  if (from === undefined || to === undefined || rest.length > 0) throw new ConfigError([usage]);
  if (from === to || (natsPattern.test(from) && natsPattern.test(to)))
    throw new ConfigError(['FROM and TO must be two ledgers, at most one of them in NATS']);
  if (!natsPattern.test(from) && !existsSync(from)) throw new ConfigError([`there is no ledger ${from}`]);
  const source = await open(from);
  try {
    const target = await open(to);
    try {
      const copied = await copyLedger(source, target, (entries) => onProgress(`${entries} entries`));
      return `${to}: ${copied.conversations} conversations, ${copied.entries} entries, the same as in ${from} (sha256 ${copied.sha256})`;
    } finally {
      await target.leave?.();
      target.close();
    }
  } finally {
    await source.leave?.();
    source.close();
  }
};
