import { existsSync } from 'node:fs';
import { ConfigError } from '@parley/kit';
import { openSqliteLedger } from '../ledger/sqlite.ts';

const usage = 'usage: parley-router backup LEDGER TARGET; a running router makes one when it gets SIGUSR2';

/** `parley-router backup LEDGER TARGET`, for a router that is stopped. Returns the line to print. */
export const backup = async (args: readonly string[]): Promise<string> => {
  const [path, target, ...rest] = args;
  if (path === undefined || target === undefined || rest.length > 0) throw new ConfigError([usage]);
  if (!existsSync(path)) throw new ConfigError([`there is no ledger ${path}`]);
  if (existsSync(target)) throw new ConfigError([`${target} is there already`]);
  const ledger = openSqliteLedger(path);
  try {
    await ledger.backup(target);
    return `${target}: every entry up to position ${ledger.position()}`;
  } catch (error) {
    throw new ConfigError([`${target} cannot be written: ${(error as Error).message}`]);
  } finally {
    ledger.close();
  }
};
