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

/** The maximum of a document, so that it fits into a message of NATS also with the longest names. */
const marksPerDocument = 3_000;
/** The maximum of all names. Names are chosen by clients, so they would grow without bound. */
export const mostMarks = markDocuments * marksPerDocument;
/** The key of the common watermark. */
const everyClient = '';

/**
 * The names to forget when there are too many: those with the oldest watermarks. Nothing is pending for nearly all of them; a client
 * for which something is, may get it a second time after a restart. More are forgotten than need be, so that this is seldom done.
 */
export const oldestMarks = (
  marks: ReadonlyMap<string, number>,
  most: number = mostMarks,
): readonly string[] => {
  if (marks.size <= most) return [];
  const kept = Math.floor(most * 0.9);
  const names = [...marks].filter(([name]) => name !== everyClient).sort(([, a], [, b]) => a - b);
  return names.slice(0, marks.size - kept).map(([name]) => name);
};

/** The same for the names of one document. */
export const oldestOfDocument = (marks: ReadonlyMap<string, number>): readonly string[] =>
  oldestMarks(marks, marksPerDocument);
