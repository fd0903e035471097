export { type MessagePart, messageParts } from './message-parts.ts';
