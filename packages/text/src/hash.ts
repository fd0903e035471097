const offset = 0x811c9dc5;
const prime = 0x01000193;

/** The state of a FNV-1a hash of 32 bits before its first code unit. */
export const fnvStart = offset;

/** The state after one more code unit or code point. */
export const fnvNext = (hash: number, code: number): number => Math.imul(hash ^ code, prime);

/** The FNV-1a hash of a text, by UTF-16 code units: an unsigned number of 32 bits, the same on every machine. */
export const fnv1a = (text: string): number => {
  let hash = offset;
  for (let at = 0; at < text.length; at++) hash = fnvNext(hash, text.charCodeAt(at));
  return hash >>> 0;
};
