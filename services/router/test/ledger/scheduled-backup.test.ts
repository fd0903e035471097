import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLogger } from '@parley/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScheduledBackup } from '../../src/ledger/commands/scheduled-backup.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { finished } from './ledger-entries.ts';

const hour = 3_600_000;
let folder = '';
let path = '';
let now = Date.UTC(2030, 0, 1);
let timers: { act: () => void; ms: number }[] = [];
let ledger: ReturnType<typeof openSqliteLedger>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-scheduled-'));
  path = join(folder, 'ledger.sqlite');
  now = Date.UTC(2030, 0, 1);
  timers = [];
  ledger = openSqliteLedger(path);
  await ledger.append([{ conversation: 'c', expectedSeq: 0, entries: finished(5) }]);
});
afterEach(() => {
  ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = (everyMs: number, keep: number) =>
  new ScheduledBackup({
    ledger,
    path,
    everyMs,
    keep,
    log: makeLogger('router', 'silent'),
    now: () => now,
    later: (act, ms) => void timers.push({ act, ms }),
  }).start();

const made = () => readdirSync(join(folder, 'backups')).sort();

/** Runs the timer that waits, and returns when the next one does. */
const runTimer = async (): Promise<void> => {
  const { act, ms } = timers.shift() ?? { act: () => {}, ms: 0 };
  now += ms;
  act();
  await expect.poll(() => timers.length, { timeout: 60_000, interval: 5 }).toBe(1);
};

describe('scheduled backups', () => {
  it('a scheduled backup copies the ledger each time the interval is over, and keeps the newest copies', async () => {
    start(6 * hour, 2);
    for (let count = 0; count < 4; count++) await runTimer();
    expect(made()).toEqual(['ledger-20300101T120000Z.sqlite', 'ledger-20300101T180000Z.sqlite']);
    for (const name of made()) expect(verifyLedger(join(folder, 'backups', name)).faults).toEqual([]);
    expect(timers[0]?.ms).toBe(6 * hour);
  });

  it('a scheduled backup counts the interval from the newest copy, also after a restart, and leaves other files alone', async () => {
    mkdirSync(join(folder, 'backups'));
    writeFileSync(join(folder, 'backups/notes.txt'), 'mine');
    writeFileSync(join(folder, 'backups/ledger-20291231T220000Z.sqlite'), 'older');
    start(6 * hour, 1);
    expect(timers[0]?.ms).toBe(4 * hour);
    await runTimer();
    expect(made()).toEqual(['ledger-20300101T040000Z.sqlite', 'notes.txt']);
  });

  it('a scheduled backup waits longer than one timer can, and tries again soon after a failure', async () => {
    start(60 * 24 * hour, 3);
    await runTimer();
    expect(timers[0]?.ms).toBeLessThan(2 ** 31);
    timers = [];
    writeFileSync(join(folder, 'backups.txt'), '');
    rmSync(join(folder, 'backups'), { recursive: true });
    now += hour;
    new ScheduledBackup({
      ledger: { ...ledger, backup: () => Promise.reject(new Error('no space left on device')) },
      path,
      everyMs: 6 * hour,
      keep: 3,
      log: makeLogger('router', 'silent'),
      now: () => now,
      later: (act, ms) => void timers.push({ act, ms }),
    }).start();
    await runTimer();
    expect(timers[0]?.ms).toBe(60_000);
    expect(made()).toEqual([]);
  });

  it('a scheduled backup of a time when the clock was ahead delays the next one by one interval at most, and displaces no new one', async () => {
    mkdirSync(join(folder, 'backups'));
    for (const year of [2031, 2032, 2033])
      writeFileSync(join(folder, `backups/ledger-${year}0101T000000Z.sqlite`), 'of the future');
    start(6 * hour, 2);
    expect(timers[0]?.ms).toBe(6 * hour);
    await runTimer();
    expect(made()).toEqual(['ledger-20300101T060000Z.sqlite', 'ledger-20330101T000000Z.sqlite']);
    await runTimer();
    expect(made()).toEqual(['ledger-20300101T060000Z.sqlite', 'ledger-20300101T120000Z.sqlite']);
  });
});
