import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { whoMayUse } from '@parley/runtime';
import { runsFolder } from '../deployment/kept-run.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

const { ok, note, fault } = findingsOf('machine');

const megabyte = 1024 * 1024;
/** Less than this, and a ledger soon cannot be written. */
const leastFree = 256 * megabyte;
/** No clock can be before this program was written. */
const earliest = Date.UTC(2026, 0, 1);

/** The folder itself, or the nearest one above it that exists. */
const existing = (folder: string): string => (existsSync(folder) ? folder : existing(dirname(folder)));

/** Whether the disk has space for ledgers and may be written, and whether the clock can be right. */
export const checkMachine = ({ env, folder, freeBytes, now }: Surroundings): Finding[] => {
  const found: Finding[] = [];
  const keepsRuns = env.PARLEY_RUNS_KEEP !== '0';
  const runs = existing(runsFolder(env));
  const closed = keepsRuns ? whoMayUse(runs, { write: true }) : '';
  if (closed)
    found.push(
      fault(
        `the ledgers of \`parley run\` cannot be kept${closed}`,
        'PARLEY_RUNS=… a folder that you may write, or PARLEY_RUNS_KEEP=0',
      ),
    );
  for (const place of new Set(keepsRuns ? [folder, runs] : [folder])) {
    const free = freeBytes(place);
    if (free === undefined) found.push(note(`how much space ${place} has left cannot be told`));
    else if (free < leastFree)
      found.push(
        fault(
          `${place} has ${Math.floor(free / megabyte)} MB of space left: a ledger that cannot be written stops its router`,
          'free space (docker system prune, PARLEY_RUNS_KEEP=5), or let ROUTER_RETENTION_DAYS remove old conversations',
        ),
      );
    else
      found.push(ok(`${place} has ${Math.floor(free / megabyte).toLocaleString('en-US')} MB of space left`));
  }
  if (now() < earliest)
    found.push(
      fault(
        `the clock of this machine says ${new Date(now()).toISOString().slice(0, 10)}: certificates and tokens are refused`,
        'sudo timedatectl set-ntp true',
      ),
    );
  return found;
};
