import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LedgerDamage } from '../../src/ledger/damage.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { type Acknowledged, killedWriter } from './killed-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const all = Number.MAX_SAFE_INTEGER;

const contents = (path: string): string[] => {
  const ledger = openSqliteLedger(path);
  try {
    for (const id of ledger.unfinished()) {
      expect(ledger.read(id, 0, all).map(({ seq }) => seq)).toEqual(
        ledger.read(id, 0, all).map((_, index) => index + 1),
      );
    }
    return ledger.readAll(0, all).map((placed) => JSON.stringify(placed));
  } finally {
    ledger.close();
  }
};

describe('a ledger whose process was killed', () => {
  it('a ledger whose process was killed has everything that was acknowledged, and of the rest only complete appends', async () => {
    for (const killAfter of [1, 7, 23, 64]) {
      const path = join(folder, `killed-${killAfter}.sqlite`);
      const acknowledged = await killedWriter(path, { appends: 100_000, killAfter });
      const found = contents(path).length;
      expect(found).toBeGreaterThanOrEqual(acknowledged.at(-1)!.entries);
      expect(found % 9).toBe(0);
    }
  }, 60_000);
});

describe('a ledger whose write-ahead log is broken', () => {
  const original = join(folder, 'original.sqlite');
  let acknowledged: Acknowledged[];
  let log: Buffer;
  let whole: string[];
  let copies = 0;

  beforeAll(async () => {
    acknowledged = await killedWriter(original, { appends: 40 });
    log = readFileSync(`${original}-wal`);
    whole = withLog(log) as string[];
    expect(whole).toHaveLength(acknowledged.at(-1)!.entries);
  }, 120_000);

  /** What is in a copy of the ledger that has this log; the damage, when it is refused. */
  const withLog = (bytes: Buffer): string[] | LedgerDamage => {
    const path = join(folder, `copy-${++copies}.sqlite`);
    copyFileSync(original, path);
    writeFileSync(`${path}-wal`, bytes);
    try {
      return contents(path);
    } catch (error) {
      if (!(error instanceof LedgerDamage)) throw error;
      // Refused means untouched: the operator can still look at it, or put another file in its place.
      expect(readFileSync(`${path}-wal`).equals(bytes)).toBe(true);
      return error;
    } finally {
      rmSync(path);
      rmSync(`${path}-wal`, { force: true });
    }
  };

  const acknowledgedBefore = (offset: number): number =>
    Math.max(0, ...acknowledged.filter(({ logBytes }) => logBytes <= offset).map(({ entries }) => entries));

  it('a write-ahead log that is truncated at any place keeps every append before that place, and no partial one', () => {
    fc.assert(
      fc.property(fc.nat(log.length), (offset) => {
        const found = withLog(log.subarray(0, offset)) as string[];
        expect(found).toEqual(whole.slice(0, acknowledgedBefore(offset)));
      }),
      { numRuns: 150, examples: [[0], [31], [32], [33], [56], [log.length - 1]] },
    );
  });

  it('a write-ahead log that is garbled at any place is refused or keeps every append before that place', () => {
    const last = acknowledged.at(-2)!.logBytes;
    let refused = 0;
    let repaired = 0;
    fc.assert(
      fc.property(fc.nat(log.length - 1), fc.integer({ min: 1, max: 255 }), (offset, flip) => {
        const bytes = Buffer.from(log);
        bytes[offset] = bytes[offset]! ^ flip;
        const found = withLog(bytes);
        if (found instanceof LedgerDamage) {
          refused++;
          expect(found.message).toMatch(/-wal: .*offset \d+/);
        } else {
          repaired++;
          expect(found).toEqual(whole.slice(0, found.length));
          expect(found.length).toBeGreaterThanOrEqual(acknowledgedBefore(offset));
          // Only of the last two appends can it not be told whether they were ever acknowledged.
          expect(found.length).toBeGreaterThanOrEqual(acknowledged.at(-3)!.entries);
        }
      }),
      {
        numRuns: 150,
        examples: [
          [last + 100, 1],
          [log.length - 1, 1],
          [40, 1],
          [100, 1],
        ],
      },
    );
    expect(refused).toBeGreaterThan(0);
    expect(repaired).toBeGreaterThan(0);
  });

  it('a write-ahead log with a torn last append is repaired, because that append was not acknowledged', () => {
    const torn = acknowledged.at(-2)!;
    const bytes = Buffer.from(log);
    bytes.fill(0, torn.logBytes + 24 + 100);
    expect(withLog(bytes)).toEqual(whole.slice(0, torn.entries));
  });

  it('a write-ahead log with a damaged append in its middle is refused with the offset', () => {
    const bytes = Buffer.from(log);
    const place = acknowledged[10]!.logBytes;
    bytes[place + 24 + 1_000] = bytes[place + 24 + 1_000]! ^ 1;
    const found = withLog(bytes) as LedgerDamage;
    expect(found.message).toContain(`the frame at offset ${place} does not match its checksum`);
  });

  it('a write-ahead log is refused when the ledger beside it is empty', () => {
    const path = join(folder, 'emptied.sqlite');
    writeFileSync(path, '');
    writeFileSync(`${path}-wal`, log);
    expect(() => openSqliteLedger(path)).toThrow(/is damaged: the file is empty or gone/);
    expect(readFileSync(`${path}-wal`).equals(log)).toBe(true);
  });
});
