/** The numbers of the wire (PROTOCOL.md §7). Those that an operator may change are defaults here. */
export { idPattern, maxNameLength, namePattern } from './name.ts';
export const subprotocol = 'parley.v1';
export const defaultPort = 8765;

export const maxFrameBytes = 256 * 1024;
/** Characters of one line. Smaller than a frame even when every character takes six bytes of JSON. */
export const maxTextLength = 32_000;
/** Lists and objects in each other; no frame and no body of ours has half as many. */
export const maxJsonDepth = 32;
/** Tokens that one answer may have taken, and dollars that it may have cost. */
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
 * The newest entries in one `turn` frame are at most so many bytes of JSON (one entry at least); older ones are left
 * out. With the beginning of the conversation and the names of the members a frame stays below `maxGrantBytes`.
 */
export const maxHistoryBytes = 512 * 1024;
/** No frame that a router sends is larger. A client must take as much. */
export const maxGrantBytes = 2 * 1024 * 1024;
