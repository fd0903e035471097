import { crc32 } from 'node:zlib';

/** Mixes the bits of a checksum (the last step of MurmurHash3): checksums of nearly equal texts are correlated. */
const spread = (sum: number): number => {
  const first = Math.imul(sum ^ (sum >>> 16), 0x85eb_ca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2_ae35);
  return (second ^ (second >>> 16)) >>> 0;
};

/** 32 bits of a text, without a correlation between texts that are nearly equal. */
export const hashOf = (text: string): number => spread(crc32(text));

/**
 * The router that acts first for a conversation, by rendezvous hashing: the highest hash of router and conversation wins. When
 * a router joins or leaves, no other router's conversations change their home.
 */
export const homeOf = (conversation: string, routers: Iterable<string>): string | undefined => {
  let home: string | undefined;
  let highest = -1;
  for (const router of routers) {
    const hash = hashOf(`${router} ${conversation}`);
    if (hash > highest || (hash === highest && home !== undefined && router < home))
      [home, highest] = [router, hash];
  }
  return home;
};
