import { readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { whoMayUse } from '@parley/runtime';
import { installation } from '../deployment/installation.ts';
import { type Finding, findingsOf } from './finding.ts';
import type { Surroundings } from './surroundings.ts';

const { ok, note, fault } = findingsOf('ledger');

/** Where a router that is started in this folder keeps its ledger. */
const usual = 'data/ledger.sqlite';
/** A larger ledger is not read through for a look. */
const mostBytes = 512 * 1024 * 1024;

const newestBackup = (ledger: string): string | undefined => {
  const folder = join(dirname(ledger), 'backups');
  try {
    const name = readdirSync(folder)
      .filter((one) => one.endsWith('.sqlite'))
      .sort()
      .at(-1);
    return name === undefined ? undefined : join(folder, name);
  } catch {
    return undefined;
  }
};

/** The ledger file of a router on this machine: whether it may be written and is whole. */
export const checkLedger = async ({ env, folder, run }: Surroundings): Promise<Finding[]> => {
  const { ROUTER_LEDGER: named } = env;
  if (named === 'memory')
    return [
      note(
        'ROUTER_LEDGER=memory: conversations are gone when the router stops',
        'ROUTER_LEDGER=data/ledger.sqlite',
      ),
    ];
  if (named !== undefined && /^\w+:\/\//.test(named)) return [];
  const ledger = resolve(folder, named || usual);
  const size = statSync(ledger, { throwIfNoEntry: false })?.size;
  if (size === undefined)
    return named ? [note(`there is no ledger at ${ledger} yet: a router makes it`)] : [];
  const closed = whoMayUse(ledger, { write: true }) || whoMayUse(dirname(ledger), { write: true });
  if (closed)
    return [
      fault(
        `the ledger cannot be written${closed}`,
        `sudo chown -R ${process.getuid?.()} ${dirname(ledger)} (in a container: 1000)`,
      ),
    ];
  const verify = `parley router verify ${ledger}`;
  if (size > mostBytes)
    return [
      note(
        `${ledger} has ${Math.round(size / 1e6)} MB, and is not read through here`,
        `to check it: ${verify}`,
      ),
    ];
  const answer = await run(process.execPath, [installation.services.router, 'verify', ledger]);
  const text = `${answer?.stdout}${answer?.stderr}`.trim().split('\n');
  if (answer?.code === 0) return [ok(text.at(-1) ?? ledger)];
  if (text.some((line) => /another process has it open/.test(line)))
    return [ok(`a router has ${ledger} open`)];
  const backup = newestBackup(ledger);
  const [first = 'the check gave no answer'] = text.map((line) => line.replace(/^parley-router: /, ''));
  if (backup !== undefined)
    return [
      fault(
        `the ledger is damaged: ${first}`,
        `with the router stopped: parley router restore ${backup} ${ledger}`,
      ),
    ];
  return /cannot be opened/.test(first)
    ? [fault(first, 'ROUTER_LEDGER=… the file of a ledger, or one that does not exist yet')]
    : [
        fault(
          `the ledger is damaged: ${first}`,
          `${verify} lists the damage; what is whole stays readable; ROUTER_BACKUP_EVERY=6h makes copies from now on`,
        ),
      ];
};
