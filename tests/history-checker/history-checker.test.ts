import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { openSqliteLedger } from '@parley/router/ledger/sqlite';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finished, forked } from '../../services/router/test/ledger/ledger-entries.ts';
import { temporaryFolder } from '../harness/parley.ts';
import { repository } from '../harness/started-process.ts';
import { checkHistories } from './check.ts';
import type { FaultKind, History, Receipt } from './history.ts';

const length = 20;
const sound = finished(length);
const history = (entries: readonly Entry[], source = 'ledger', conversation = 'c1'): History => ({
  source,
  conversation,
  entries,
});

/** Everything that a client could have been told of a sound history. */
const toldOf = (entries: readonly Entry[]): Receipt[] => [
  ...entries.flatMap((entry): Receipt[] =>
    entry.type === 'said' && entry.turn !== undefined
      ? [{ kind: 'accepted', conversation: 'c1', seq: entry.seq, turn: entry.turn, by: entry.from }]
      : [],
  ),
  ...entries.map((entry): Receipt => ({ kind: 'shown', conversation: 'c1', entry })),
];
const accepted = toldOf(sound).filter(({ kind }) => kind === 'accepted');
const renumbered = (entries: readonly Entry[]): Entry[] =>
  entries.map((entry, index) => ({ ...entry, seq: index + 1 }));
const kinds = (entries: readonly Entry[], receipts: readonly Receipt[]): Set<FaultKind> =>
  new Set(checkHistories([history(entries)], receipts).map(({ kind }) => kind));

/** A line of the conversation: not its opening, not its ending. */
const line = fc.integer({ min: 1, max: length - 2 });

describe('the history checker', () => {
  it('the history checker finds no fault in a sound history, whatever part of it clients were told', () => {
    fc.assert(
      fc.property(fc.subarray(toldOf(sound)), (receipts) => {
        expect(checkHistories([history(sound)], receipts)).toEqual([]);
      }),
    );
  });

  it('the history checker finds a lost entry, even when later ones have moved up', () => {
    fc.assert(
      fc.property(line, (at) => {
        const left = sound.toSpliced(at, 1);
        expect(kinds(left, [])).toContain('gap');
        expect(kinds(left, accepted)).toContain('lost');
        expect(kinds(renumbered(left), accepted)).toContain('lost');
        expect(kinds(renumbered(left), toldOf(sound))).toContain('reordered');
      }),
    );
  });

  it('the history checker finds a lost tail by the acknowledged entries', () => {
    fc.assert(
      fc.property(line, (from) => {
        const left = sound.slice(0, from);
        expect(kinds(left, [])).toEqual(new Set());
        expect(kinds(left, accepted)).toContain('lost');
        expect(kinds(left, [{ kind: 'shown', conversation: 'c1', entry: sound.at(-1) as Entry }])).toContain(
          'lost',
        );
      }),
    );
  });

  it('the history checker finds a whole conversation that was lost', () => {
    expect(checkHistories([], [{ kind: 'accepted', conversation: 'c9', seq: 1 }])).toEqual([
      { kind: 'lost', conversation: 'c9', detail: 'entry 1 was acknowledged and is not there' },
    ]);
  });

  it('the history checker finds a turn that was taken twice', () => {
    fc.assert(
      fc.property(line, line, (from, to) => {
        const doubled = renumbered(sound.toSpliced(Math.max(from, to), 0, sound[from] as Entry));
        expect(kinds(doubled, [])).toContain('doubled');
      }),
    );
  });

  it('the history checker finds a doubled entry', () => {
    fc.assert(
      fc.property(line, (at) => {
        expect(kinds(sound.toSpliced(at, 0, sound[at] as Entry), [])).toContain('doubled');
      }),
    );
  });

  it('the history checker finds swapped entries, with and without their numbers', () => {
    fc.assert(
      fc.property(line, line, (a, b) => {
        fc.pre(a !== b);
        const swapped = sound.with(a, sound[b] as Entry).with(b, sound[a] as Entry);
        expect(kinds(swapped, [])).toContain('reordered');
        expect(kinds(renumbered(swapped), accepted)).toContain('reordered');
      }),
    );
  });

  it('the history checker finds an entry that has changed since it was shown', () => {
    fc.assert(
      fc.property(line, (at) => {
        const altered = sound.with(at, { ...(sound[at] as Entry), at: 77 });
        expect(kinds(altered, [])).toEqual(new Set());
        expect(kinds(altered, toldOf(sound))).toEqual(new Set(['changed']));
      }),
    );
  });

  it('the history checker finds a turn that was acknowledged to another member than the speaker', () => {
    const receipt: Receipt = { kind: 'accepted', conversation: 'c1', seq: 5, turn: 4, by: 'mallory' };
    expect(kinds(sound, [receipt])).toEqual(new Set(['changed']));
  });

  it('the history checker finds a conversation that continues after its end or has no beginning', () => {
    expect(kinds([...sound, { ...(sound[3] as Entry), seq: length + 1 }], [])).toContain('misplaced');
    expect(kinds(sound.slice(1), [])).toContain('misplaced');
  });

  it('the history checker allows one ledger to be behind another, but not to differ', () => {
    const older = history(sound.slice(0, 9), 'backup');
    expect(checkHistories([history(sound), older], [])).toEqual([]);
    const different = history(sound.slice(0, 9).with(4, { ...(sound[4] as Entry), at: 77 }), 'backup');
    expect(checkHistories([history(sound), different], []).map(({ kind }) => kind)).toEqual(['changed']);
  });

  it('the history checker does not look for the shared entries of a fork in the fork', () => {
    const fork = history([forked('c1', 5)], 'ledger', 'f1');
    const shown = sound.slice(0, 5).map((entry): Receipt => ({ kind: 'shown', conversation: 'f1', entry }));
    expect(checkHistories([history(sound), fork], shown)).toEqual([]);
  });

  it('the history checker is a program that reads ledgers and exports, and exits with the code of its findings', async () => {
    const folder = temporaryFolder();
    const ledgerFile = join(folder, 'ledger.sqlite');
    const ledger = openSqliteLedger(ledgerFile);
    await ledger.append([{ conversation: 'c1', expectedSeq: 0, entries: sound }]);
    ledger.close();
    const file = (name: string, lines: readonly unknown[]) => {
      writeFileSync(join(folder, name), lines.map((one) => `${JSON.stringify(one)}\n`).join(''));
      return join(folder, name);
    };
    const receipts = file('receipts.jsonl', toldOf(sound));
    const exported = file('c1.jsonl', sound);
    const broken = file(
      'broken.jsonl',
      sound.toSpliced(6, 1).map((entry) => ({ conversation: 'c1', entry })),
    );
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(repository, 'tests/history-checker/run.ts'), ...args], {
        encoding: 'utf8',
      });

    const good = run('--receipts', receipts, ledgerFile, exported);
    expect(good.stdout).toContain('2 histories, 40 entries, 38 receipts: 0 faults');
    expect(good.status).toBe(0);
    const bad = run('--receipts', receipts, broken);
    expect(bad.stdout).toContain(
      'lost: conversation c1: turn 6 was acknowledged as entry 7 and is not there',
    );
    expect(bad.status).toBe(1);
    expect(run().status).toBe(2);
  });
});
