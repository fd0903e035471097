import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsLink } from './nats-link.ts';

/** Whether this router may grant and write: as the only router of the stream, or as one of several. */
export interface Standing {
  /** Why nothing may be granted or written; undefined when it may. */
  readonly trouble: string | undefined;
  /** Called once, when another router has taken the stream over. */
  onLost?(listener: (why: string) => void): void;
  /** The router leaves: others need not wait for its lease to run out. */
  release(): Promise<void>;
}

/** What several routers on one stream share their state by. */
export interface StreamEngine {
  readonly link: NatsLink;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly replicas: number;
  /** Begins the ids of all commits of this process, and is its id among the routers. */
  readonly writer: string;
  /** Resolves when the local copy holds all that was in the stream when it was asked. */
  caughtUp(): Promise<void>;
  readonly onFailure: (error: unknown) => void;
}
