import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { importConversations } from '../../src/ledger/commands/import-command.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite.ts';
import { verifyLedger } from '../../src/ledger/verify.ts';
import { finished, forked, lines, opened } from './ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-import-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
let path = '';
beforeEach(() => {
  path = join(folder, `${++files}.sqlite`);
});

type Conversations = Readonly<Record<string, readonly Entry[]>>;

const parent = [opened(), ...lines(2, 9)];
const fork = [...parent.slice(0, 4), forked('c1', 4), ...lines(6, 7)];
const all: Conversations = {
  c1: parent,
  c2: finished(6),
  f1: fork,
  f2: [...fork.slice(0, 6), forked('f1', 6), ...lines(8, 9)],
};

const jsonl = (conversations: Conversations): string =>
  Object.entries(conversations)
    .flatMap(([conversation, entries]) =>
      entries.map((entry) => `${JSON.stringify({ conversation, ...entry })}\n`),
    )
    .join('');

const imported = async (text: string): Promise<string> => {
  const file = join(folder, `${files}.jsonl`);
  writeFileSync(file, text);
  return (await importConversations([file, path], undefined)).join('\n');
};

/** The own entries of each conversation of the ledger. */
const kept = (): Conversations => {
  const ledger = openSqliteLedger(path);
  const ids = ledger.recent(100).map(({ id }) => id);
  const found = Object.fromEntries(ids.map((id) => [id, ledger.read(id, 0, 1_000)]));
  ledger.close();
  return found;
};

describe('importing into a ledger', () => {
  it('an import makes every entry as it was, forks by reference, in a ledger that verify finds whole', async () => {
    expect(await imported(jsonl(all))).toMatch(/imported 4 conversations, 21 entries/);
    expect(kept()).toEqual({ ...all, f1: fork.slice(4), f2: all.f2?.slice(6) });
    expect(verifyLedger(path)).toMatchObject({ conversations: 4, running: 3, entries: 21, faults: [] });
  });

  it('an import takes forks before their parents, and forks whose parent is in the ledger already', async () => {
    await imported(jsonl({ f1: fork, c1: parent }));
    await imported(jsonl({ f2: all.f2 ?? [] }));
    expect(Object.keys(kept()).toSorted()).toEqual(['c1', 'f1', 'f2']);
    expect(verifyLedger(path).faults).toEqual([]);
  });

  it('an import takes what `parley tail --json` writes', async () => {
    await imported(
      finished(3)
        .map((entry) => JSON.stringify({ conversation: 'c', entry }))
        .join('\n'),
    );
    expect(kept()).toEqual({ c: finished(3) });
  });

  const damage: readonly [what: string, text: string, problem: RegExp][] = [
    ['a line that is cut', jsonl({ c: finished(4) }).slice(0, -20), /line 4: is not JSON/],
    [
      'a missing entry',
      jsonl({ c: finished(4).toSpliced(1, 1) }),
      /line 2: .*entry 3 where 2 belongs \(exported with --as/,
    ],
    ['an entry that comes twice', jsonl({ c: finished(3) }).repeat(2), /line 4: .*entry 1 where 4 belongs/],
    [
      'a field that is wrong',
      jsonl({ c: [{ ...opened(), members: 'ann' } as never] }),
      /line 1: entry\.members/,
    ],
    ['an id that is none', jsonl({ '../c': finished(3) }), /line 1: conversation/],
    ['lines without an id', `${JSON.stringify(opened())}\n`, /has no `conversation`.*parley export/],
    [
      'a beginning that is missing',
      jsonl({ c: [{ ...lines(2, 2)[0], seq: 1 } as Entry] }),
      /conversation c: entry 1/,
    ],
    [
      'an entry after the end',
      jsonl({ c: [...finished(3), ...lines(4, 4)] }),
      /entry 4: comes after the end/,
    ],
    ['a fork without its parent', jsonl({ f1: fork }), /its parent c1 is missing: export both/],
    [
      'a fork that shares other entries',
      jsonl({ c1: parent, f1: [opened(), ...lines(2, 4, 'changed'), ...fork.slice(4)] }),
      /shares with c1 are not the same/,
    ],
    [
      'a fork that begins elsewhere than it says',
      jsonl({ c1: parent, f1: [...parent.slice(0, 4), { ...forked('c1', 2), seq: 5 }] }),
      /entry 5: follows entry 2 of its parent/,
    ],
    ['a fork of itself', jsonl({ c: [...parent, forked('c', 9)] }), /conversation c: is forked from itself/],
    [
      'two conversations that are forks of each other',
      jsonl({ c: [...parent, forked('d', 9)], d: [...parent, forked('c', 9)] }),
      /conversation c: is forked from itself/,
    ],
    [
      'a second beginning',
      jsonl({ c: [...parent, { ...opened(), seq: 10 }] }),
      /entry 10: opens the conversation/,
    ],
    ['a time that is no date', jsonl({ c: [opened(9_000_000_000_000_000)] }), /line 1: entry\.at is no date/],
    ['nothing', '\n', /there is no conversation in it/],
  ];
  it.each(damage)('an import refuses %s, and writes nothing', async (_, text, problem) => {
    await expect(imported(text)).rejects.toThrow(problem);
    expect(kept()).toEqual({});
  });

  it('an import refuses a conversation that exists already, and then imports no other one', async () => {
    await imported(jsonl({ c2: finished(6) }));
    await expect(imported(jsonl({ c3: finished(3), c2: finished(6) }))).rejects.toThrow(
      /c2: is in the ledger already[\s\S]*nothing has been imported \(1 faults\)/,
    );
    expect(Object.keys(kept())).toEqual(['c2']);
  });

  it('an import does not deliver old messages to clients, and keeps what waits for a client', async () => {
    const ledger = openSqliteLedger(path);
    await ledger.append([{ conversation: 'old', expectedSeq: 0, entries: [opened(), ...lines(2, 2)] }]);
    ledger.mark(new Map([['alice', 2]]));
    ledger.close();
    // A message waits for bob in `old`; alice has had all of hers.
    await imported(jsonl({ c2: finished(6) }));
    const after = openSqliteLedger(path);
    expect(after.marks()).toEqual(new Map([['alice', 8]]));
    after.close();
  });

  it('an import is refused while a router has the ledger open', async () => {
    const ledger = openSqliteLedger(path);
    await ledger.append([{ conversation: 'c', expectedSeq: 0, entries: finished(3) }]);
    try {
      await expect(imported(jsonl({ c2: finished(6) }))).rejects.toThrow(/another process has it open/);
    } finally {
      ledger.close();
    }
  });
});
