import { setTimeout as delay } from 'node:timers/promises';
import type { NatsServer } from '../../harness/nats-servers.ts';
import type { StartedProcess } from '../../harness/started-process.ts';
import type { FaultyLink } from '../faulty-link.ts';
import type { MemberRouter } from './member-router.ts';

/** An agent process behind links of its own: one that a load balancer leads to a router, or one to each router. */
export interface Agent {
  readonly name: string;
  readonly links: readonly FaultyLink[];
  process: StartedProcess;
}

export interface Parts {
  readonly servers: readonly NatsServer[];
  readonly routers: readonly MemberRouter[];
  readonly agents: readonly Agent[];
  startAgent(agent: Agent): StartedProcess;
  /** 0..1, seeded. */
  random(): number;
}

/** A part of the system of which at most one is out of order at a time. */
type PartKind = 'server' | 'router' | 'agent';

/** How long a part is left alone after a fault, in ms: servers choose leaders for seconds, and in that time no turn is taken. */
const restMs: Readonly<Record<PartKind, number>> = { server: 8_000, router: 2_000, agent: 0 };

interface Fault {
  readonly part: PartKind;
  /** Resolves when the part is in order again. */
  run(): Promise<void>;
}

/** What can go wrong. A part that stops is away for less or for longer than the lease of a router. */
const faultsOf = ({ servers, routers, agents, startAgent, random }: Parts): Record<string, Fault> => {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
  const between = (least: number, most: number) => least + random() * (most - least);

  const stop = async (one: { signal(signal: NodeJS.Signals): void }, ms: number): Promise<void> => {
    one.signal('SIGSTOP');
    await delay(ms);
    one.signal('SIGCONT');
  };
  const link = async (change: (one: FaultyLink) => void, ms: number): Promise<void> => {
    const { links } = pick(agents);
    for (const one of links) change(one);
    await delay(ms);
    for (const one of links) one.become({ kind: 'sound' });
  };

  return {
    'server killed': {
      part: 'server',
      async run() {
        const server = pick(servers);
        await server.kill('SIGKILL');
        await delay(between(0, 3_000));
        await server.start();
      },
    },
    'server stopped': { part: 'server', run: () => stop(pick(servers), between(300, 7_000)) },
    'router killed': { part: 'router', run: () => pick(routers).replace('SIGKILL', between(0, 4_000)) },
    'router replaced': { part: 'router', run: () => pick(routers).replace('SIGTERM', 0) },
    'router stopped': { part: 'router', run: () => pick(routers).stopFor(between(300, 9_000)) },
    'router without NATS': {
      part: 'router',
      run: () => pick(routers).linksBecome({ kind: 'half-open' }, () => true, between(500, 8_000)),
    },
    'router slow to NATS': {
      part: 'router',
      run: () =>
        pick(routers).linksBecome(
          { kind: 'slow', delayMs: between(50, 800) },
          () => true,
          between(500, 4_000),
        ),
    },
    'router cut from NATS': { part: 'router', run: async () => pick(routers).cutLinks() },
    'agent killed': {
      part: 'agent',
      async run() {
        const agent = pick(agents);
        await agent.process.kill('SIGKILL');
        await delay(between(0, 1_000));
        agent.process = startAgent(agent);
      },
    },
    'agent stopped': { part: 'agent', run: () => stop(pick(agents).process, between(300, 7_000)) },
    'agent cut': { part: 'agent', run: () => link((one) => one.cut(), 0) },
    'agent slow': {
      part: 'agent',
      run: () => link((one) => one.become({ kind: 'slow', delayMs: between(50, 800) }), between(500, 4_000)),
    },
    'agent half-open': {
      part: 'agent',
      run: () => link((one) => one.become({ kind: 'half-open' }), between(500, 5_000)),
    },
  };
};

/** Begins a fault each second, in a part of which no other one is out of order; resolves when all parts are in order again. */
export const doFaults = async (
  parts: Parts,
  seconds: number,
  tell: (second: number, done: Readonly<Record<string, number>>) => void,
): Promise<Readonly<Record<string, number>>> => {
  const faults = faultsOf(parts);
  const done: Record<string, number> = {};
  const broken = new Set<PartKind>();
  const all: Promise<void>[] = [];
  for (let second = 0; second < seconds; second++) {
    const possible = Object.entries(faults).filter(([, { part }]) => !broken.has(part));
    const chosen = possible[Math.floor(parts.random() * possible.length)];
    if (chosen) {
      const [kind, { part, run }] = chosen;
      done[kind] = (done[kind] ?? 0) + 1;
      broken.add(part);
      const over = run();
      const rest = () => void delay(restMs[part]).then(() => broken.delete(part));
      over.then(rest, rest);
      // It is awaited at the end, too.
      over.catch(() => {});
      all.push(over);
    }
    await delay(1_000);
    tell(second, done);
  }
  await Promise.all(all);
  return done;
};
