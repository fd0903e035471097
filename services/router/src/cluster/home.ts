import { crc32 } from 'node:zlib';

/** Spreads a checksum: those of two texts that differ in one place only are related (the mixer of MurmurHash3). */
const spread = (sum: number): number => {
  const first = Math.imul(sum ^ (sum >>> 16), 0x85eb_ca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2_ae35);
  return (second ^ (second >>> 16)) >>> 0;
};

/**
 * The router that acts first for a conversation: the one with the highest hash of both names (rendezvous hashing). When a router
 * comes or goes, only the conversations of that router get another home.
 */
export const homeOf = (conversation: string, routers: Iterable<string>): string | undefined => {
  let home: string | undefined;
  let highest = -1;
  for (const router of routers) {
    const hash = spread(crc32(`${router} ${conversation}`));
    if (hash > highest || (hash === highest && home !== undefined && router < home))
      [home, highest] = [router, hash];
  }
  return home;
};
