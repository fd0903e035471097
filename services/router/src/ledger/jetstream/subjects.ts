/** The subject of a conversation. The names of streams have no dots, so the subjects of two streams never overlap. */
export const subjectOf = (stream: string, conversation: string): string =>
  // A dot separates tokens of a subject. `=` is in no id of a conversation.
  `${stream}.c.${conversation.replaceAll('.', '=')}`;

export const allSubjects = (stream: string): string => `${stream}.c.*`;

/** Undefined when the subject is not the one of a conversation. */
export const conversationOf = (stream: string, subject: string): string | undefined => {
  const prefix = `${stream}.c.`;
  return subject.startsWith(prefix) ? subject.slice(prefix.length).replaceAll('=', '.') : undefined;
};

/** A position in the ledger encodes the sequence of the message of an entry and the index of the entry in it. */
export const entriesPerMessage = 4_096;

export const positionOf = (sequence: number, index: number): number => sequence * entriesPerMessage + index;

/** The sequence of the message that holds the entry at that position. */
export const sequenceAt = (position: number): number => Math.floor(position / entriesPerMessage);
