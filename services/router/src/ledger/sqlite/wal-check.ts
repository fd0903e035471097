import { existsSync, readFileSync } from 'node:fs';
import { endianness } from 'node:os';

/*
 * SQLite replays its write-ahead log up to the first frame with a wrong checksum and ignores the rest without an error.
 * That is right for a torn tail: the last transaction was interrupted before it was acknowledged. It is wrong for a
 * damaged frame with complete transactions after it: those were acknowledged, because a transaction begins only
 * when the one before it is on disk. Format: https://www.sqlite.org/fileformat2.html#walformat
 */

const headerBytes = 32;
const frameHeaderBytes = 24;
const magics = [0x377f0682, 0x377f0683];

const swapped = (words: Uint32Array): Uint32Array =>
  words.map((word) => (word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24));

/** Continues the running checksum of the log over the bytes from `from` to `to`; their number is a multiple of 8. */
const checksum = (log: Buffer, from: number, to: number, before: Sum, bigEndian: boolean): Sum => {
  const copy = new Uint32Array(Uint8Array.from(log.subarray(from, to)).buffer);
  const words = bigEndian === (endianness() === 'BE') ? copy : swapped(copy);
  let [a, b] = before;
  for (let i = 0; i < words.length; i += 2) {
    a = (a + (words[i] as number) + b) >>> 0;
    b = (b + (words[i + 1] as number) + a) >>> 0;
  }
  return [a, b];
};
type Sum = readonly [number, number];

/** Where a damaged frame hides acknowledged transactions; undefined when the log is intact or has only a torn tail. */
export const walDamage = (path: string): string | undefined => {
  const log = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (log.length < headerBytes + frameHeaderBytes) return undefined;
  const word = (at: number) => log.readUInt32BE(at);
  const sumAt = (at: number): Sum => [word(at), word(at + 4)];
  const same = ([a, b]: Sum, [c, d]: Sum) => a === c && b === d;

  // The header was never completely on disk, so nothing in this log was acknowledged.
  if (log.subarray(0, headerBytes + frameHeaderBytes).every((byte) => byte === 0)) return undefined;
  const bigEndian = word(0) === magics[1];
  let sum = checksum(log, 0, 24, [0, 0], bigEndian);
  if (!magics.includes(word(0)) || !same(sum, sumAt(24))) {
    return `${path}: the header of the write-ahead log (offset 0) does not match its checksum`;
  }
  const salts = sumAt(16);
  const frameBytes = frameHeaderBytes + word(8);
  let broken: number | undefined;
  let committedAfter = false;
  for (let at = headerBytes; at + frameBytes <= log.length; at += frameBytes) {
    const ours = same(sumAt(at + 8), salts);
    if (broken === undefined) {
      const data = at + frameHeaderBytes;
      sum = checksum(log, at, at + 8, sum, bigEndian);
      sum = checksum(log, data, data + word(8), sum, bigEndian);
      // Frames with other salts are older than the last restart of the log.
      if (!ours || !same(sum, sumAt(at + 16))) broken = at;
    } else if (committedAfter && ours) {
      return `${path}: the frame at offset ${broken} does not match its checksum, and acknowledged transactions follow it`;
    }
    if (broken !== undefined && ours && word(at + 4) > 0) committedAfter = true;
  }
  return undefined;
};
