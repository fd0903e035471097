import type { Entry } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { firstDifference, ledgerHash } from '../src/ledger-hash.ts';
import { ended, opened, said } from './entries.ts';

const talk = (text = 'Is it?'): Entry[] => [
  opened(),
  said(2, 'alice', 'A ship.'),
  said(3, 'bob', text),
  ended(4),
];

describe('the hash of a ledger', () => {
  it('the hash of a ledger does not depend on times or on the order of keys', () => {
    const later = talk().map(
      (entry) => Object.fromEntries(Object.entries({ ...entry, at: 99 }).reverse()) as Entry,
    );
    expect(ledgerHash(later)).toBe(ledgerHash(talk()));
    expect(firstDifference(talk(), later)).toBeUndefined();
  });

  it('the hash of a ledger depends on every word, on the order and on the length', () => {
    const others = [talk('Is it'), talk().slice(0, 3), [talk()[0]!, talk()[2]!, talk()[1]!, talk()[3]!]];
    for (const other of others) expect(ledgerHash(other)).not.toBe(ledgerHash(talk()));
    expect(firstDifference(talk(), talk('No.'))).toMatchObject({
      seq: 3,
      after: expect.stringContaining('No.'),
    });
    expect(firstDifference(talk(), talk().slice(0, 3))).toMatchObject({ seq: 4, after: undefined });
  });
});
