import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Entry } from '@parley/protocol';
import { spawnRouter, startAgent } from '../harness/parley.ts';
import { until, within } from '../harness/poll.ts';
import type { StartedProcess } from '../harness/started-process.ts';
import { fuzz as fuzzedFrames } from '../hostile/fuzz.ts';
import { HarmedLedger } from './damage.ts';
import { hostileModelServer, type ModelServer } from './model-server.ts';
import { operators } from './operator.ts';
import { peers } from './peer.ts';
import { Random } from './random.ts';
import { Field } from './system.ts';

export interface FuzzOptions {
  readonly seed: number;
  readonly ms: number;
  /** Where ledgers are made. */
  readonly folder: string;
  readonly port: number;
  say(line: string): void;
}

export interface FuzzReport {
  /** Empty when all is well. */
  readonly problems: string[];
  readonly done: Record<string, number>;
}

const roundMs = 7_000;
/** How much longer it runs while it has not reached everything. */
const patienceMs = 90_000;
const agentName = 'thinker';
const refusal = /is damaged|is not a ledger|cannot be opened/;

/** Round after round: a router, those who use and misuse it, a disk that forgets, and what must be true afterwards. */
class Fuzz {
  readonly #options: FuzzOptions;
  readonly #random: Random;
  readonly problems: string[] = [];
  readonly done = {
    rounds: 0,
    requests: 0,
    connections: 0,
    frames: 0,
    harmed: 0,
    refusedStarts: 0,
    modelCalls: 0,
  };
  #ledger: HarmedLedger;
  #files = 0;

  constructor(options: FuzzOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    this.#ledger = this.#newLedger();
  }

  async run(): Promise<void> {
    const model = await hostileModelServer(this.#random.fork());
    const agent = this.#startAgent(model);
    const end = performance.now() + this.#options.ms;
    try {
      const goesOn = () =>
        performance.now() < end || (!this.#reachedAll() && performance.now() < end + patienceMs);
      while (this.problems.length === 0 && goesOn()) {
        await this.#round(agent, roundMs);
        this.done.modelCalls = model.asked;
      }
      if (agent.log.some(({ msg }) => msg === 'an unexpected error was caught'))
        this.problems.push(`the agent caught an error of its own: ${lastFault(agent)}`);
      await agent.kill();
      if (this.problems.length > 0) writeFileSync(join(this.#options.folder, 'agent.log'), agent.stdout);
    } finally {
      model.close();
    }
  }

  /** A fuzz that reaches nothing finds nothing. A slow machine needs more time to reach something. */
  #reachedAll(): boolean {
    const { rounds, requests, connections, frames, modelCalls } = this.done;
    return rounds > 1 && requests > 50 && connections > 1 && frames > 100 && modelCalls > 0;
  }

  #newLedger(): HarmedLedger {
    return new HarmedLedger(join(this.#options.folder, `ledger-${++this.#files}.sqlite`));
  }

  #startAgent(model: ModelServer): StartedProcess {
    return startAgent([agentName], {
      ROUTER_URL: `ws://127.0.0.1:${this.#options.port}`,
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'key-of-a-fuzz',
      AGENT_CAPACITY: '8',
    });
  }

  /** A router that listens; undefined when it refused a ledger that was harmed. */
  async #startRouter(): Promise<StartedProcess | undefined> {
    const router = spawnRouter({
      ROUTER_PORT: String(this.#options.port),
      ROUTER_LEDGER: this.#ledger.path,
      ROUTER_MAX_TURNS: '6',
      ROUTER_TURN_DEADLINE_SECONDS: '5',
      ROUTER_MAX_ATTEMPTS: '2',
      ROUTER_OUTGOING_MB: '16',
      ROUTER_FRAMES_PER_SECOND: '500',
    });
    try {
      await router.logged('listening');
      return router;
    } catch (error) {
      await router.exit();
      if (!this.#ledger.isHarmed || !refusal.test(router.stderr))
        this.problems.push(`the router did not start: ${(error as Error).message}`);
      this.done.refusedStarts++;
      this.#ledger = this.#newLedger();
      return undefined;
    }
  }

  async #round(agent: StartedProcess, ms: number): Promise<void> {
    const random = this.#random.fork();
    const router = await this.#startRouter();
    if (!router) return;
    const field = new Field(`ws://127.0.0.1:${this.#options.port}`, agentName);
    const parts = [
      peers(field, random.fork()),
      peers(field, random.fork()),
      operators(field, random.fork()),
      operators(field, random.fork()),
      this.#noise(field, random.fork()),
      this.#harm(field, random.fork(), ms),
    ];
    await delay(ms);
    field.end();
    await within('the round is over', 60_000, Promise.all(parts));
    this.done.rounds++;
    this.done.requests += field.counts.requests;
    this.done.connections += field.counts.connections;
    await this.#look(router, agent, field);
    if (this.problems.length > 0)
      writeFileSync(join(this.#options.folder, 'router.log'), router.stdout + router.stderr);
    await router.kill(random.chance(0.5) ? 'SIGKILL' : 'SIGTERM');
    this.problems.push(...this.#ledger.strangeFaults());
    if (this.#ledger.isHarmed && random.chance(0.5)) this.#ledger = this.#newLedger();
  }

  /** Bytes and frames that are hardly any. */
  async #noise(field: Field, random: Random): Promise<void> {
    const next = () => random.next();
    this.done.frames += await fuzzedFrames({
      port: this.#options.port,
      frames: 5_000,
      random: next,
      workers: 1,
      stop: field.over,
    });
  }

  /** In some rounds the disk loses something while the router runs. */
  async #harm(field: Field, random: Random, ms: number): Promise<void> {
    await delay(ms * (0.3 + 0.4 * random.next()));
    if (random.chance(0.4) || !existsSync(this.#ledger.path)) return;
    if (random.chance(0.4)) this.#ledger.page(random);
    else await this.#harmByte(field).catch(() => {});
    if (this.#ledger.isHarmed) this.done.harmed++;
  }

  /** Damages one byte of an ended conversation. */
  async #harmByte({ http }: Field): Promise<void> {
    const read = async <T>(path: string) =>
      (await (await fetch(http + path, { signal: AbortSignal.timeout(5_000) })).json()) as T;
    const { conversations } = await read<{ conversations: { id: string; status: string }[] }>(
      '/v1/conversations',
    );
    for (const { id } of conversations.filter(({ status }) => status === 'ended')) {
      const { entries } = await read<{ entries: Entry[] }>(`/v1/conversations/${id}?limit=3`);
      const opened = entries.find(({ type }) => type === 'opened');
      if (opened && this.#ledger.byte(`"seq":1,"at":${opened.at},`)) return;
    }
  }

  /** What must be true whatever was done. */
  async #look(router: StartedProcess, agent: StartedProcess, { http }: Field): Promise<void> {
    const get = async (path: string) =>
      (await fetch(http + path, { signal: AbortSignal.timeout(2_000) })).text();
    const healthy = until(
      'the router answers /healthz',
      () => get('/healthz').catch(() => undefined),
      20_000,
    );
    await healthy.catch(() => {
      this.problems.push(
        `the router does not answer: ${router.stdout.slice(-1_000)} ${router.stderr.slice(-1_000)}`,
      );
    });
    if (await hasExited(agent)) this.problems.push(`the agent exited: ${agent.stderr.slice(-1_000)}`);
    const metrics = await get('/metrics').catch(() => '');
    const faults = [...metrics.matchAll(/^parley_faults_total\{place="(\w+)"\} ([1-9]\d*)$/gm)];
    for (const [, place, count] of faults)
      this.problems.push(`${count} errors were caught in place ${place}: ${lastFault(router)}`);
  }
}

const lastFault = (process: StartedProcess): string =>
  JSON.stringify(process.log.findLast(({ msg }) => msg === 'an unexpected error was caught'));

const hasExited = async (process: StartedProcess): Promise<boolean> =>
  Promise.race([process.exited.then(() => true), delay(1, false)]);

/** Rejects when something of the fuzz itself fails. */
export const fuzz = async (options: FuzzOptions): Promise<FuzzReport> => {
  options.say(`fuzz: seed ${options.seed}`);
  const run = new Fuzz(options);
  await run.run();
  return { problems: run.problems, done: run.done };
};
