import type { Random } from './random.ts';

/** What those who take part in one round know of the router and of each other. */
export class Field {
  readonly url: string;
  /** The name of the agent that runs as a process of its own. */
  readonly agent: string;
  readonly names = ['ada', 'ben', 'cleo', 'constructor', 'Ωmega'];
  readonly counts = { requests: 0, connections: 0 };
  readonly #over = new AbortController();
  readonly #conversations: string[] = [];

  constructor(url: string, agent: string) {
    this.url = url;
    this.agent = agent;
  }

  /** Aborted at the end of the round. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  get isOver(): boolean {
    return this.over.aborted;
  }

  end(): void {
    this.#over.abort();
  }

  get http(): string {
    return this.url.replace(/^ws/, 'http');
  }

  saw(conversation: string): void {
    if (this.#conversations.includes(conversation)) return;
    this.#conversations.push(conversation);
    if (this.#conversations.length > 50) this.#conversations.shift();
  }

  aConversation(random: Random): string {
    return this.#conversations.length === 0 ? 'nowhere' : random.of(this.#conversations);
  }
}
