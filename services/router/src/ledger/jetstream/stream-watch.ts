import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsLink } from './nats-link.ts';
import type { StreamFollower } from './stream-follower.ts';
import { incarnationOf } from './stream-open.ts';

export interface WatchOptions {
  readonly link: NatsLink;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly incarnation: string;
  readonly follower: StreamFollower;
}

/** How often the stream is looked at. */
const everyMs = 5_000;
/** A copy that lacks more messages than this, twice in a row, shows what is long past. */
const farBehind = 5_000;

/** Looks now and then whether the stream is still the one that was opened, and whether the local copy keeps up with it. */
export class StreamWatch {
  readonly #options: WatchOptions;
  readonly #timer: NodeJS.Timeout;
  #wasBehind = false;
  #trouble: string | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.look(), everyMs).unref();
  }

  get trouble(): string | undefined {
    return this.#trouble;
  }

  async look(): Promise<void> {
    const { link, manager, stream } = this.#options;
    if (!link.isConnected) return;
    try {
      this.#trouble = this.#judge(await manager.streams.info(stream));
    } catch (error) {
      // No answer is told by the link and by the follower.
      if (/stream not found/i.test((error as Error).message)) this.#trouble = 'the stream was deleted';
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #judge(info: Parameters<typeof incarnationOf>[0]): string | undefined {
    const { incarnation, follower } = this.#options;
    if (incarnationOf(info) !== incarnation) return 'the stream was deleted and made again';
    const lacks = info.state.last_seq - follower.last;
    if (lacks < 0) return 'the stream has lost messages';
    const isBehind = lacks > farBehind && this.#wasBehind;
    this.#wasBehind = lacks > farBehind;
    return isBehind ? `the local copy lacks the last ${lacks} messages` : undefined;
  }
}
