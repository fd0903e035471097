import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { ConfigError, inContainer, whoMayUse } from '@parley/runtime';

const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)));

const permission = ['EACCES', 'EPERM'];
const asThisUser =
  ': docker compose run --rm --user "$(id -u):$(id -g)" parley … runs as the user of this terminal';

/** What the user is told when `path`, which is absolute, cannot be written: why, and whose it is where permissions are the reason. */
export const unwritable = (path: string, error: NodeJS.ErrnoException): ConfigError => {
  const owner = permission.includes(error.code ?? '')
    ? `${whoMayUse(nearestExisting(path), { write: true })}${inContainer() ? asThisUser : ''}`
    : '';
  return new ConfigError([`${path} cannot be written: ${error.message}${owner}`]);
};

/** Does what writes to `path`, which is absolute, for a user who named that path. */
export const writing = <T>(path: string, write: () => T): T => {
  try {
    return write();
  } catch (error) {
    throw error instanceof ConfigError ? error : unwritable(path, error as NodeJS.ErrnoException);
  }
};
