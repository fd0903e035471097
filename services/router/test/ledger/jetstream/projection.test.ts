import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import type { StoredCommit } from '../../../src/ledger/jetstream/commit-codec.ts';
import { openProjection } from '../../../src/ledger/jetstream/projection.ts';
import { finished, forked, lines, opened } from '../ledger-entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'parley-projection-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const all = Number.MAX_SAFE_INTEGER;
let files = 0;

const open = () => {
  const path = join(folder, `${++files}.sqlite`);
  const projection = openProjection(path, { stream: 'PARLEY', incarnation: 'i1' });
  onTestFinished(() => projection.ledger.close());
  return projection;
};

const commit = (sequence: number, conversation: string, entries: readonly Entry[]): StoredCommit => ({
  ...{ sequence, conversation, entries },
  id: `other.${sequence}`,
});

describe('the local copy of a stream', () => {
  it('a conversation that begins again replaces the one that another router has removed, with its forks', () => {
    const projection = open();
    const { ledger } = projection;
    projection.apply([commit(1, 'c1', finished(5)), commit(2, 'f1', [forked('c1', 3)])]);
    projection.apply([commit(3, 'c2', [opened()])]);
    // One batch, because the stream may be read far behind: an entry of the old conversation may not come before.
    projection.apply([commit(9, 'c2', lines(2, 2)), commit(10, 'c1', [opened(9_000)])]);
    projection.apply([commit(11, 'c1', lines(2, 3)), commit(12, 'c2', lines(3, 3))]);
    expect(ledger.read('c1', 0, all)).toEqual([opened(9_000), ...lines(2, 3)]);
    expect(ledger.read('c2', 0, all)).toEqual([opened(), ...lines(2, 3)]);
    expect(ledger.read('f1', 0, all)).toEqual([]);
    expect(ledger.total()).toBe(2);
    expect(ledger.unfinished().toSorted()).toEqual(['c1', 'c2']);
    expect(projection.sequence).toBe(12);
    expect(projection.tail('c1')).toEqual({ seq: 3, sequence: 11 });
  });

  it('a conversation that ends, is removed and begins again within one batch is the new one', () => {
    const projection = open();
    projection.apply([
      commit(1, 'c1', finished(5)),
      commit(2, 'c1', finished(4, 7_000)),
      commit(3, 'c1', [opened(9_000)]),
    ]);
    expect(projection.ledger.read('c1', 0, all)).toEqual([opened(9_000)]);
  });

  it('a conversation whose end this router has missed is replaced, too', () => {
    const projection = open();
    projection.apply([commit(1, 'c1', [opened(), ...lines(2, 4)])]);
    projection.apply([commit(9, 'c1', finished(3, 9_000))]);
    expect(projection.ledger.read('c1', 0, all)).toEqual(finished(3, 9_000));
    expect(projection.ledger.unfinished()).toEqual([]);
  });

  it('messages that are in the copy already are passed over, and a gap in a conversation is damage', () => {
    const projection = open();
    const first = commit(1, 'c1', [opened()]);
    const second = commit(2, 'c1', lines(2, 2));
    projection.apply([first]);
    projection.apply([first, second]);
    projection.apply([]);
    expect(projection.ledger.read('c1', 0, all)).toEqual([opened(), ...lines(2, 2)]);
    expect(() => projection.apply([commit(4, 'c1', lines(4, 4))])).toThrow(
      /message 4 begins with entry 4 of conversation c1, which is at 2/,
    );
    expect(projection.sequence).toBe(2);
  });
});
