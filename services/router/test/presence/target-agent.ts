import { openAuthenticator } from '../../src/identity/authenticator.ts';
import { unrestricted } from '../../src/identity/identity.ts';
import { AgentSession } from '../../src/sessions/agent-session.ts';
import { limits } from '../core/talk.ts';
import { FakeConnection, type RouterBench } from '../router-harness.ts';

/** An agent of `parley.v1`: it answers each grant without an addressee, as ours do. */
export class TargetAgent {
  readonly connection = new FakeConnection();
  readonly session: AgentSession;
  readonly #bench: RouterBench;
  readonly #name: string;
  #read = 0;

  constructor(bench: RouterBench, name: string, target?: string) {
    this.#bench = bench;
    this.#name = name;
    const setting = {
      router: bench.router,
      authenticator: openAuthenticator,
      defaults: limits({ maxTurns: 40 }),
      routerName: 'test',
    } as const;
    this.session = new AgentSession(setting, { connection: this.connection, identity: unrestricted });
    this.send({ type: 'register', name, capacity: 8, ...(target !== undefined && { target }) });
  }

  send(frame: object): void {
    this.session.receive(JSON.stringify(frame));
  }

  open(members: string[], more: object = {}): void {
    this.send({ type: 'open', ref: 'o', members, resume: true, ...more });
  }

  /** Answers what it has been granted since it last did; how much that was. */
  async answer(): Promise<number> {
    const turns = this.connection.frames.slice(this.#read).filter(({ type }) => type === 'turn');
    this.#read = this.connection.frames.length;
    for (const frame of turns) {
      const { conversation, turn } = frame as { conversation: string; turn: number };
      this.send({ type: 'say', conversation, turn, text: `${this.#name} says ${conversation} ${turn}` });
    }
    await this.#bench.settled();
    return turns.length;
  }
}

/** Each agent answers what it was granted, in several rounds. */
export const talk = async (agents: readonly TargetAgent[], rounds: number) => {
  for (let round = 0; round < rounds; round++) for (const agent of agents) await agent.answer();
};

/** Speaker and addressee of each message of the only conversation by `by`. */
export const saidBy = (bench: RouterBench, by: string): string[] => {
  const [state] = [...bench.router.conversations.running()].filter((one) => one.by === by);
  return bench
    .entries(state?.id ?? '')
    .flatMap((entry) => (entry.type === 'said' ? [`${entry.from}>${entry.target}`] : []));
};
