import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import type { NatsLink } from '../nats-link.ts';
import { lastKept } from './catch-up.ts';
import type { StreamFollower } from './stream-follower.ts';
import { incarnationOf } from './stream-open.ts';

export interface WatchOptions {
  readonly link: Pick<NatsLink, 'isConnected'>;
  readonly manager: { readonly streams: Pick<JetStreamManager['streams'], 'info' | 'getMessage'> };
  readonly stream: string;
  readonly incarnation: string;
  readonly follower: Pick<StreamFollower, 'last'>;
}

/** How often the stream is checked. */
const everyMs = 5_000;
/** A copy that lacks more messages than this at two checks in a row is outdated. */
const farBehind = 5_000;

/** Checks periodically whether the stream is still the one that was opened, and whether the local copy keeps up with it. */
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
    const { link, manager, stream, follower } = this.#options;
    if (!link.isConnected) return;
    // Read before the request, because more messages arrive while the server answers.
    const { last } = follower;
    try {
      this.#trouble = await this.#judge(await manager.streams.info(stream), last);
    } catch (error) {
      // A missing answer is reported by the connection and by the follower.
      if (/stream not found/i.test((error as Error).message)) this.#trouble = 'the stream was deleted';
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #judge(info: StreamInfo, last: number): Promise<string | undefined> {
    const { manager, stream, incarnation } = this.#options;
    if (incarnationOf(info) !== incarnation) return 'the stream was deleted and made again';
    const end = info.state.last_seq;
    if (end < last) return 'the stream has lost messages';
    // A copy does not lack what was removed before it was read.
    const lacks = end - last > farBehind ? (await lastKept(manager, stream)) - last : end - last;
    const isBehind = lacks > farBehind && this.#wasBehind;
    this.#wasBehind = lacks > farBehind;
    return isBehind ? `the local copy lacks the last ${lacks} messages` : undefined;
  }
}
