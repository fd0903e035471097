/** The numbers of the wire (PROTOCOL.md §7). Those that an operator may change are defaults here. */
export { idPattern, maxNameLength, namePattern } from './name.ts';
export const subprotocol = 'parley.v1';
export const defaultPort = 8765;

export const maxFrameBytes = 256 * 1024;
/** Characters of one message. It fits into a frame also when every character takes six bytes of JSON. */
export const maxTextLength = 32_000;
/** The maximum nesting of lists and objects. Valid frames and bodies have less than half of it. */
export const maxJsonDepth = 32;
/** The maximum of tokens, and of dollars, that one answer may report. */
export const maxTokensOfAnswer = 1_000_000_000;
export const maxCostOfAnswer = 1_000_000_000;
export const maxMembers = 256;
export const maxCapacity = 1_000;

export const heartbeatMs = 10_000;
export const registerDeadlineMs = 10_000;
export const turnDeadlineMs = 120_000;
export const drainMs = 30_000;
export const framesPerSecond = 50;
export const frameBurst = 100;
export const maxBufferedBytes = 1024 * 1024;
export const stalledMs = 10_000;
/**
 * The maximum size of the entries in one `turn` frame, in bytes of JSON. Older entries are left out, but at least one is sent. With
 * the beginning of the conversation and the names of the members, a frame stays below `maxGrantBytes`.
 */
export const maxHistoryBytes = 512 * 1024;
/** The maximum size of a frame of the router. A client must accept this size. */
export const maxGrantBytes = 2 * 1024 * 1024;
