import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup } from '../../src/ledger/commands/backup-command.ts';
import { restore } from '../../src/ledger/commands/restore-command.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { finished, lines, opened } from './ledger-entries.ts';

let folder = '';
let ledger = '';
let copy = '';

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parley-restore-'));
  ledger = join(folder, 'ledger.sqlite');
  copy = join(folder, 'copy.sqlite');
  const open = openSqliteLedger(ledger);
  await open.append([{ conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 9)] }]);
  await open.backup(copy);
  await open.append([{ conversation: 'c2', expectedSeq: 0, entries: finished(6) }]);
  open.close();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const restored = () => {
  const { conversations, entries, faults } = verifyLedger(ledger);
  return { conversations, entries, faults };
};
const whole = { conversations: 1, entries: 9, faults: [] };
const kept = () => readdirSync(folder).filter((name) => name.includes('.replaced-'));

/** A ledger as `kill -9` leaves it: acknowledged entries are in the write-ahead log only. */
const killWithLog = async (): Promise<void> => {
  const [main, log] = [`${folder}/main`, `${folder}/log`];
  const open = openSqliteLedger(ledger);
  await open.append([{ conversation: 'c3', expectedSeq: 0, entries: finished(30) }]);
  copyFileSync(ledger, main);
  copyFileSync(`${ledger}-wal`, log);
  open.close();
  copyFileSync(main, ledger);
  copyFileSync(log, `${ledger}-wal`);
};

describe('restoring a ledger', () => {
  it('a restore puts the copy in the place of the ledger and keeps the replaced one', async () => {
    const said = await restore([copy], ledger);
    expect(restored()).toEqual(whole);
    expect(said[0]).toContain('1 conversations (1 running), 9 entries');
    const [name = ''] = kept();
    expect(verifyLedger(join(folder, name))).toMatchObject({ conversations: 2, faults: [] });
    expect(statSync(ledger).mode & 0o777).toBe(0o600);
  });

  it('a restore is not undone by the write-ahead log of a killed router, which is kept with its ledger', async () => {
    await killWithLog();
    await restore([copy], ledger);
    expect(existsSync(`${ledger}-wal`)).toBe(false);
    expect(restored()).toEqual(whole);
    const name = kept().find((one) => !one.endsWith('-wal')) ?? '';
    expect(verifyLedger(join(folder, name))).toMatchObject({ conversations: 3, faults: [] });
  });

  it('a restore refuses a damaged copy and replaces nothing', async () => {
    const bytes = readFileSync(copy);
    bytes.fill(0xff, 4_096);
    writeFileSync(copy, bytes);
    const before = readFileSync(ledger);
    await expect(restore([copy], ledger)).rejects.toThrow(/damaged/);
    expect(readFileSync(ledger).equals(before)).toBe(true);
    expect(readdirSync(folder).filter((name) => /replaced|restoring/.test(name))).toEqual([]);
  });

  it.each([
    ['an empty file', '', /^\S+wrong is empty: nothing has been replaced$/],
    [
      'a text',
      'not a ledger, but a text of some length. '.repeat(400),
      /^\S+wrong cannot be opened: it is not a ledger/,
    ],
  ])('a restore refuses %s by its name and replaces nothing', async (_, text, problem) => {
    const wrong = join(folder, 'wrong');
    writeFileSync(wrong, text);
    const before = readFileSync(ledger);
    await expect(restore([wrong], ledger)).rejects.toThrow(problem);
    expect(readFileSync(ledger)).toEqual(before);
    expect(kept()).toEqual([]);
  });

  it('a restore refuses the first half of a copy by its name', async () => {
    const half = join(folder, 'half');
    const bytes = readFileSync(copy);
    writeFileSync(half, bytes.subarray(0, bytes.length / 2));
    await expect(restore([half], ledger)).rejects.toThrow(
      new RegExp(`^${half} .*\\n?.*nothing has been replaced`, 's'),
    );
    expect(kept()).toEqual([]);
  });

  it('a restore is refused while a router has the ledger open', async () => {
    const open = openSqliteLedger(ledger);
    try {
      await expect(restore([copy], ledger)).rejects.toThrow(/a router has .* open: stop it first/);
    } finally {
      open.close();
    }
    expect(kept()).toEqual([]);
  });

  it('a restore replaces a damaged ledger, and creates one where there is none', async () => {
    writeFileSync(ledger, 'this is no ledger');
    await restore([copy], ledger);
    expect(restored()).toEqual(whole);
    const fresh = join(folder, 'fresh.sqlite');
    expect(await restore([copy], fresh)).toHaveLength(1);
    expect(verifyLedger(fresh).faults).toEqual([]);
  });

  it('a restore refuses the ledger itself, a missing file, and unknown arguments', async () => {
    await expect(restore([ledger], ledger)).rejects.toThrow(/is the ledger itself/);
    await expect(restore([join(folder, 'none')], ledger)).rejects.toThrow(/ENOENT/);
    await expect(restore([copy, ledger, 'more'], ledger)).rejects.toThrow(/usage/);
    await expect(restore([copy], undefined)).rejects.toThrow(/usage/);
  });
});

describe('backing up a ledger that no router has open', () => {
  it('a backup without a running router copies the ledger of ROUTER_LEDGER by default and replaces no file', async () => {
    const target = join(folder, 'target.sqlite');
    expect(await backup([target], ledger)).toMatchObject({ streamed: false });
    expect(verifyLedger(target)).toMatchObject({ conversations: 2, faults: [] });
    await expect(backup([target], ledger)).rejects.toThrow(/is there already/);
  });
});
