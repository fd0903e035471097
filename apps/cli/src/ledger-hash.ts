import { createHash } from 'node:crypto';
import type { Entry } from '@parley/protocol';

type Kept = Record<string, unknown>;

/**
 * The part of entries that is equal in two runs of the same scenario: without times, without ids of conversations and without the
 * request.
 */
const comparable = (entries: readonly Entry[]): readonly Kept[] =>
  entries.map((entry) => {
    const {
      at: _,
      request: __,
      tookMs: ___,
      parent,
      ...rest
    } = entry as { at: number; request?: string; tookMs?: number; parent?: { seq: number } };
    const own = { ...rest, ...(parent && { parent: { seq: parent.seq } }) };
    return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  });

/** Sorts the keys of an object, so that their order does not matter. */
export const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** SHA-256 over the entries after `comparable`, one per line. */
export const ledgerHash = (entries: readonly Entry[]): string =>
  createHash('sha256').update(comparable(entries).map(canonical).join('\n')).digest('hex');

export interface Difference {
  readonly seq: number;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The first entry that differs. */
export const firstDifference = (
  before: readonly Entry[],
  after: readonly Entry[],
): Difference | undefined => {
  const [a, b] = [comparable(before).map(canonical), comparable(after).map(canonical)];
  const place = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
  if (place === undefined) return undefined;
  const seq = (comparable(before)[place] ?? comparable(after)[place])?.seq as number;
  return { seq, before: a[place], after: b[place] };
};
