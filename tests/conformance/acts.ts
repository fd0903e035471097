import type { Client, Received } from './client.ts';
import type { World } from './world.ts';

/** The entries that a granted turn carries. */
export const entriesOf = (turn: Received): Received[] => turn.entries as Received[];
/** Answers a granted turn. */
export const say = (client: Client, { conversation, turn }: Received, text: string, more: object = {}) =>
  client.send({ type: 'say', conversation, turn, text, ...more });

/** Connects agents with these names, in this order. */
export const cast = (world: World, ...words: string[]) => Promise.all(words.map((word) => world.agent(word)));

/** Asks to join a conversation. */
export const join = (client: Client, conversation: string, more: object = {}) =>
  client.send({ type: 'join', conversation, ...more });
