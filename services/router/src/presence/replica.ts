import type { Connection } from '../socket/connection.ts';

/** One `parley.v1` connection of an agent. An agent may have several: its replicas. */
export interface Replica {
  readonly name: string;
  readonly connection: Connection;
  /** How many turns it takes at a time. */
  readonly capacity: number;
  /** The model that it says it uses. */
  readonly model: string | undefined;
  /** Whether it keeps prompts and can be asked for them (PROTOCOL §5.5). */
  readonly prompts?: boolean | undefined;
}

/** A turn that a replica still works on from before its connection broke (PROTOCOL §4.1). */
export interface WorkingTurn {
  readonly conversation: string;
  readonly turn: number;
}

/** The one connection of a plain client. */
export interface PlainClient {
  readonly name: string;
  readonly connection: Connection;
  /** The client asked for acknowledgements and other frames besides messages. */
  readonly acks: boolean;
}
