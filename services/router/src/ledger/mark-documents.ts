import { crc32 } from 'node:zlib';

/** The watermarks are divided into this many documents: a change rewrites a small document, and all of them are read quickly. */
export const markDocuments = 32;

/** The key of the document that has the name. */
export const markDocumentOf = (name: string): string => String(crc32(name) % markDocuments);

/** Positions are valid for one incarnation of the stream only. */
export interface MarkDocument {
  readonly incarnation: string;
  readonly marks: Readonly<Record<string, number>>;
}

/** The watermarks of a document. It comes from the network, so its shape is checked. */
export const marksIn = (value: unknown): ReadonlyMap<string, number> => {
  const { marks } = (value ?? {}) as { readonly marks?: unknown };
  const entries = typeof marks === 'object' && marks !== null ? Object.entries(marks) : [];
  return new Map(entries.filter((one): one is [string, number] => Number.isSafeInteger(one[1])));
};
