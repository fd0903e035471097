import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsLink } from './nats-link.ts';

/** The right of this router to grant turns and to write to the stream, as its only router or as one of several. */
export interface StreamAccess {
  /** Why nothing may be granted or written; undefined when it may. */
  readonly trouble: string | undefined;
  /** Called once, when another router has taken the stream over. */
  onLost?(listener: (why: string) => void): void;
  /** Gives up the right, so that other routers need not wait until the lease expires. */
  release(): Promise<void>;
}

/** What a router that works together with others needs of the opened stream. */
export interface StreamEngine {
  readonly link: NatsLink;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly replicas: number;
  /** Prefix of the ids of all commits of this process, and its id among the routers. */
  readonly writer: string;
  /** Resolves when the local copy holds everything that was in the stream at the time of the call. */
  caughtUp(): Promise<void>;
  readonly onFailure: (error: unknown) => void;
}
