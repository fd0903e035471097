import type { NatsLink } from '../../ledger/jetstream/nats-link.ts';
import type { RouterMessages } from '../cluster.ts';

export interface MessagesOptions {
  readonly link: NatsLink;
  readonly stream: string;
  readonly self: string;
  readonly onFailure: (error: unknown) => void;
}

interface Sent {
  readonly from: string;
  readonly payload: unknown;
}

const routerId = /^[A-Za-z0-9_-]{1,300}$/;

/** Messages between routers over core NATS: to one router, or to all others. */
export class NatsMessages implements RouterMessages {
  readonly #options: MessagesOptions;
  readonly #listeners = new Map<string, ((payload: unknown, from: string) => void)[]>();

  constructor(options: MessagesOptions) {
    this.#options = options;
    for (const to of [options.self, 'all'])
      options.link.connection.subscribe(this.#subjectOf(to, '*'), {
        callback: (error, message) => {
          if (error) options.onFailure(error);
          else this.#heard(message.subject.split('.').at(-1) ?? '', message.string());
        },
      });
  }

  send(topic: string, to: string, payload: unknown): void {
    const { link, self } = this.#options;
    link.send(this.#subjectOf(to, topic), JSON.stringify({ from: self, payload } satisfies Sent));
  }

  on(topic: string, listener: (payload: unknown, from: string) => void): void {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener]);
  }

  #subjectOf(to: string, topic: string): string {
    return `${this.#options.stream}.r.${to}.${topic}`;
  }

  #heard(topic: string, text: string): void {
    const { self, onFailure } = this.#options;
    try {
      const { from, payload } = JSON.parse(text) as Partial<Sent>;
      // An answer is sent to that id, so it has to be one part of a subject.
      if (typeof from !== 'string' || !routerId.test(from) || from === self) return;
      for (const listener of this.#listeners.get(topic) ?? []) listener(payload, from);
    } catch (error) {
      onFailure(error);
    }
  }
}
