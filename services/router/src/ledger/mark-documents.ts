import { crc32 } from 'node:zlib';

/** The clients are divided into so many documents, so that one that moves costs little and all of them are read quickly. */
export const markDocuments = 32;

/** The key of the document that has the name. */
export const markDocumentOf = (name: string): string => String(crc32(name) % markDocuments);

/** Positions mean something in one incarnation of the stream only. */
export interface MarkDocument {
  readonly incarnation: string;
  readonly marks: Readonly<Record<string, number>>;
}

/** The marks of a document that was read. It comes from the network, so nothing of its shape is taken for granted. */
export const marksIn = (value: unknown): ReadonlyMap<string, number> => {
  const { marks } = (value ?? {}) as { readonly marks?: unknown };
  const entries = typeof marks === 'object' && marks !== null ? Object.entries(marks) : [];
  return new Map(entries.filter((one): one is [string, number] => Number.isSafeInteger(one[1])));
};
