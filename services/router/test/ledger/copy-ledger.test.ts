import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { afterAll, describe, expect, it } from 'vitest';
import { copyCommand } from '../../src/ledger/commands/copy-command.ts';
import { copyLedger } from '../../src/ledger/commands/copy-ledger.ts';
import type { Ledger } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { ended, finished, forked, lines, opened } from './ledger-entries.ts';

const all = Number.MAX_SAFE_INTEGER;
const folder = mkdtempSync(join(tmpdir(), 'parley-copy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const append = (ledger: Ledger, conversation: string, expectedSeq: number, entries: Entry[]) =>
  ledger.append([{ conversation, expectedSeq, entries }]);

/** Conversations that run, have ended, are forks, and are mixed with each other; one that is being removed; marks. */
const filled = async (): Promise<Ledger> => {
  const ledger = openMemoryLedger();
  await append(ledger, 'gone', 0, finished(6));
  await append(ledger, 'c1', 0, [opened(), ...lines(2, 3)]);
  await append(ledger, 'c2', 0, [opened()]);
  await append(ledger, 'c1', 3, lines(4, 5));
  await append(ledger, 'f1', 0, [forked('c1', 4)]);
  await append(ledger, 'c2', 1, [...lines(2, 700), ended(701)]);
  await append(ledger, 'f1', 5, lines(6, 6));
  ledger.mark(
    new Map([
      ['alice', 9],
      ['bob', ledger.position()],
      ['carol', 0],
    ]),
  );
  ledger.remove(['gone'], 2);
  return ledger;
};

const textsOf = (ledger: Ledger) =>
  ledger.readAll(0, all).map(({ conversation, entry }) => `${conversation}/${entry.seq}`);

describe('a copy of a ledger', () => {
  it('a copy of a ledger has every entry in the order of the source, and proves that by a hash of both', async () => {
    const from = await filled();
    const to = openMemoryLedger();
    const copied = await copyLedger(from, to);
    expect(copied).toMatchObject({ conversations: 3, entries: 708 });
    expect(textsOf(to)).toEqual(textsOf(from).filter((text) => !text.startsWith('gone')));
    expect(to.unfinished()).toEqual(['c1', 'f1']);
    expect((await copyLedger(from, to)).sha256).toBe(copied.sha256);
  });

  it('a copy of a ledger has the delivery position of each client, in positions of the copy', async () => {
    const from = await filled();
    const to = openMemoryLedger();
    await copyLedger(from, to);
    // Two of six entries of the removed conversation had gone: alice had been delivered to up to its last and three more.
    expect(to.marks()).toEqual(
      new Map([
        ['carol', 0],
        ['alice', 3],
        ['bob', 708],
      ]),
    );
  });

  it('a copy of a ledger has the share links', async () => {
    const from = await filled();
    const share = { id: 's1', conversation: 'c2', digest: 'd', by: 'boss', madeAt: 1_000, expiresAt: 2_000 };
    from.keepShare(share);
    const to = openMemoryLedger();
    await copyLedger(from, to);
    expect(to.shares()).toEqual([share]);
  });

  it('a copy of a ledger continues where it was interrupted', async () => {
    const from = await filled();
    const whole = openMemoryLedger();
    await copyLedger(from, whole);
    for (const cut of [1, 4, 300, 706]) {
      const to = openMemoryLedger();
      for (const { conversation, entry } of whole.readAll(0, cut))
        await append(to, conversation, entry.type === 'forked' ? 0 : entry.seq - 1, [entry]);
      await copyLedger(from, to);
      expect(textsOf(to)).toEqual(textsOf(whole));
    }
  });

  it('a copy of a ledger is refused when the target has other entries', async () => {
    const from = await filled();
    const other = openMemoryLedger();
    await append(other, 'c9', 0, [opened()]);
    await expect(copyLedger(from, other)).rejects.toThrow(
      /holds other entries, from entry 1 of conversation c9 on/,
    );
    const longer = openMemoryLedger();
    await copyLedger(from, longer);
    await append(longer, 'c9', 0, [opened()]);
    await expect(copyLedger(from, longer)).rejects.toThrow(/holds conversation c9, which the source lacks/);
  });

  it('a copy of a ledger is made by a command between files, which prints what it did', async () => {
    const source = join(folder, 'from.sqlite');
    const from = openSqliteLedger(source);
    await append(from, 'c1', 0, [opened(), ...lines(2, 9)]);
    from.close();
    const target = join(folder, 'to.sqlite');
    const open = async (path: string) => openSqliteLedger(path);
    const said = await copyCommand([source, target], open, () => {});
    expect(said).toMatch(
      /1 conversations, 9 entries, the same as in .*from\.sqlite \(sha256 [0-9a-f]{64}\)$/,
    );
    await expect(copyCommand([source], open, () => {})).rejects.toThrow(/usage: parley-router copy FROM TO/);
    await expect(copyCommand(['nats://a:1', 'nats://b:1'], open, () => {})).rejects.toThrow(
      /at most one of them in NATS/,
    );
    await expect(copyCommand([join(folder, 'no'), target], open, () => {})).rejects.toThrow(
      /there is no ledger/,
    );
  });
});
