import { ConfigError } from '@parley/runtime';
import { verifyLedger } from '../verify.ts';

/** `parley-router verify`. Returns the lines to print and the exit code. Checks `ledger` when the arguments name no file. */
export const verify = (
  args: readonly string[],
  ledger: string | undefined,
): { lines: string[]; code: number } => {
  const [path = ledger, ...rest] = args;
  if (path === undefined || rest.length > 0) throw new ConfigError(['usage: parley-router verify [LEDGER]']);
  const { conversations, running, entries, bytes, faults } = verifyLedger(path);
  const counts = `${conversations} conversations (${running} running), ${entries} entries, ${(bytes / 1e6).toFixed(1)} MB`;
  const summary = bytes === 0 ? `${path}: cannot be read to the end` : `${path}: ${counts}`;
  const verdict = faults.length === 0 ? 'every entry is whole and in its place' : `${faults.length} faults`;
  return { lines: [...faults, `${summary}: ${verdict}`], code: faults.length === 0 ? 0 : 1 };
};
