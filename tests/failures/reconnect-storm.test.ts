import { type ClientFrame, decodeRouterFrame, subprotocol } from '@parley/protocol';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { RunningRouter, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

afterEach(killAll);

/** A laptop may not have that many sockets for one process. */
const connections = process.env.CI === 'true' ? 10_000 : 2_000;
const pairs = 100;
const turns = 20;
const seconds = 120_000;

/** An agent that comes back at once whenever it loses its connection, as often as it takes. */
class Agent {
  readonly name: string;
  welcomes = 0;
  said = 0;
  readonly #url: string;
  /** Answers that no router has accepted yet, by conversation. */
  readonly #outbox = new Map<string, Extract<ClientFrame, { type: 'say' }>>();
  #socket: WebSocket;
  #over = false;

  constructor(url: string, name: string) {
    this.#url = url;
    this.name = name;
    this.#socket = this.#connect();
  }

  send(frame: ClientFrame): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  leave(): void {
    this.#over = true;
    this.#socket.close(1000);
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#url, subprotocol, { perMessageDeflate: false });
    socket.on('open', () => {
      const working = [...this.#outbox.values()].map(({ conversation, turn }) => ({
        conversation,
        turn: turn as number,
      }));
      this.send({ type: 'register', name: this.name, capacity: 4, working });
    });
    socket.on('message', (data) => this.#heard(String(data)));
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#over) return;
      setImmediate(() => {
        this.#socket = this.#connect();
      });
    });
    return socket;
  }

  #heard(raw: string): void {
    const decoded = decodeRouterFrame(raw);
    if (!decoded.ok) throw new Error(decoded.problem);
    const { frame } = decoded;
    if (frame.type === 'welcome') {
      this.welcomes++;
      for (const kept of this.#outbox.values()) this.send(kept);
    } else if (frame.type === 'turn') {
      const { conversation, turn } = frame;
      const answer = { type: 'say', conversation, turn, text: `${this.name} takes turn ${turn}` } as const;
      this.#outbox.set(conversation, answer);
      this.send(answer);
    } else if (frame.type === 'accepted' && frame.conversation !== undefined) {
      if (this.#outbox.get(frame.conversation)?.turn === frame.turn) {
        this.#outbox.delete(frame.conversation);
        this.said++;
      }
    }
  }
}

it(`${connections} connections reconnect at once when the router is back, and no turn is lost or doubled`, {
  timeout: 4 * seconds,
}, async () => {
  const router = await RunningRouter.start({
    ROUTER_LEDGER: `${temporaryFolder()}/ledger.sqlite`,
    ROUTER_MAX_CONNECTIONS: '20000',
    ROUTER_MAX_CONNECTIONS_PER_ADDRESS: '20000',
  });
  const agents = Array.from({ length: connections }, (_, i) => new Agent(router.url, `a${i}`));
  await until('all agents are connected', () => agents.every(({ welcomes }) => welcomes === 1), seconds);

  const talking = agents.slice(0, 2 * pairs);
  for (const [i, agent] of talking.entries()) {
    const peer = talking[i + 1];
    if (i % 2 === 1 || !peer) continue;
    agent.send({
      type: 'open',
      ref: agent.name,
      members: [agent.name, peer.name],
      limits: { maxTurns: turns },
    });
  }
  const said = () => talking.reduce((sum, agent) => sum + agent.said, 0);
  await until('the conversations are under way', () => said() > (pairs * turns) / 4, seconds);
  expect(said()).toBeLessThan(pairs * turns);
  await router.crashAndRestart();

  await until('all agents are connected again', () => agents.every(({ welcomes }) => welcomes >= 2), seconds);
  const ended = async () => {
    const all = await router.conversations();
    return all.length === pairs && all.every(({ status }) => status === 'ended') && all;
  };
  for (const { id, members } of await until('every conversation ends', ended, seconds)) {
    expectWhole(await router.entries(id), { turns, circle: members });
  }
  for (const agent of agents) agent.leave();
});
