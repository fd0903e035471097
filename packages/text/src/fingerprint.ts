import { eachWord } from './words.ts';

/** Words in one run. */
const gram = 5;
/** Runs in one fingerprint. A message with more runs is compared by a sample. */
export const maxRuns = 512;
/** A smaller sample of a message says too little about it. */
const leastSample = 32;
const allHashes = 2 ** 32;

/** A sketch of a message, to compare later messages with. At most 2 KiB, however long the message is. */
export interface Fingerprint {
  /** Hashes of its runs of five words: ascending, without duplicates. */
  readonly hashes: Uint32Array;
  /** All hashes of the message below this limit are in `hashes`; the others were left out. */
  readonly below: number;
}

/** Spreads a hash over all 32 bits (the finish of MurmurHash3), so that the smallest hashes are a fair sample. */
const spread = (hash: number): number => {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
};

const runHash = (words: readonly number[], from: number, to: number): number => {
  let hash = to - from;
  for (let at = from; at < to; at++) {
    const mixed = Math.imul(hash ^ (words[at] as number), 0x9e3779b1);
    hash = (mixed << 13) | (mixed >>> 19);
  }
  return spread(hash);
};

const sortedOnce = (hashes: Uint32Array): Uint32Array => {
  hashes.sort();
  let kept = 0;
  for (let at = 0; at < hashes.length; at++)
    if (at === 0 || hashes[at] !== hashes[at - 1]) hashes[kept++] = hashes[at] as number;
  return hashes.subarray(0, kept);
};

/** The `maxRuns` smallest, without duplicates. Hashes that are surely too large are left out before the sort. */
const smallest = (all: Uint32Array): Fingerprint => {
  const likely = all.length > 4 * maxRuns ? Math.floor((allHashes / all.length) * 2 * maxRuns) : allHashes;
  const few = likely === allHashes ? all : all.filter((hash) => hash < likely);
  let known = sortedOnce(few);
  // Many runs are equal, so the hashes that were left out are needed.
  if (likely !== allHashes && known.length <= maxRuns) known = sortedOnce(all);
  if (known.length <= maxRuns) return { hashes: known.slice(), below: allHashes };
  return { hashes: known.slice(0, maxRuns), below: known[maxRuns] as number };
};

const takenOf = (text: string): Fingerprint => {
  const words: number[] = [];
  eachWord(text, (hash) => words.push(hash));
  // A message that is shorter than a run counts as one run.
  const count = Math.max(1, words.length - gram + 1);
  const runs = new Uint32Array(count);
  for (let at = 0; at < count; at++) runs[at] = runHash(words, at, Math.min(at + gram, words.length));
  return smallest(runs);
};

/** A cache of one: the same message is decided upon and then applied to the state. */
let newest: { readonly text: string; readonly fingerprint: Fingerprint } | undefined;

/** Cost: one pass over the text, and a sort of at most half as many hashes. */
export const fingerprintOf = (text: string): Fingerprint => {
  if (newest?.text !== text) newest = { text, fingerprint: takenOf(text) };
  return newest.fingerprint;
};

/** The share of the runs of `message` that are in `other`, among the hashes below which both are complete. */
const sharedWith = (message: Fingerprint, other: Fingerprint): number => {
  const below = Math.min(message.below, other.below);
  let shared = 0;
  let compared = 0;
  let next = 0;
  for (const hash of message.hashes) {
    if (hash >= below) break;
    compared++;
    while (next < other.hashes.length && (other.hashes[next] as number) < hash) next++;
    if (other.hashes[next] === hash) shared++;
  }
  const isWhole = below >= allHashes || compared === message.hashes.length;
  return compared === 0 || (!isWhole && compared < leastSample) ? 0 : shared / compared;
};

/**
 * The share of a message's runs of five words that are in one earlier message: the highest over `earlier`, 0 to 1, with two
 * decimals. Exact for messages of up to `maxRuns` different runs. For longer ones it is estimated from a sample, mostly
 * within 0.05. A message that is much shorter than a very long one is not compared with it.
 */
export const likeness = (message: Fingerprint, earlier: readonly Fingerprint[]): number => {
  let highest = 0;
  for (const other of earlier) highest = Math.max(highest, sharedWith(message, other));
  return Math.round(highest * 100) / 100;
};
