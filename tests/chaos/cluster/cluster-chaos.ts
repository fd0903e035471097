import { join } from 'node:path';
import { FakeOpenAi } from '../../harness/fake-openai.ts';
import { startCluster } from '../../harness/nats-servers.ts';
import { startAgent } from '../../harness/parley.ts';
import { until } from '../../harness/poll.ts';
import type { History, Receipt } from '../../history-checker/history.ts';
import { type ChaosOptions, type ChaosResult, cast, circles } from '../chaos.ts';
import { FaultyLink } from '../faulty-link.ts';
import { receiptsOf } from '../receipts.ts';
import { type Agent, doFaults } from './faults.ts';
import { MemberRouter } from './member-router.ts';

export interface ClusterChaosOptions extends Omit<ChaosOptions, 'ledger'> {
  /** Folder of the local copies of the routers. */
  readonly folder: string;
  readonly routers: number;
  /** Calls of the model that all agents together may make in a minute. */
  readonly callsPerMinute: number;
}

export interface ClusterChaosResult extends ChaosResult {
  /** The files of the local copies, one a router. */
  readonly copies: readonly string[];
  /** When the model server was called, in ms. */
  readonly calls: readonly number[];
  /** Exits of routers that the test did not cause. */
  readonly exits: number;
}

const model = 'shared';

const routerSettings = ({ callsPerMinute, routers }: ClusterChaosOptions) => ({
  ...(routers > 1 && { ROUTER_NATS_ROUTERS: 'several' }),
  ROUTER_NATS_LEASE_SECONDS: '3',
  ROUTER_HEARTBEAT_SECONDS: '1',
  ROUTER_TURN_DEADLINE_SECONDS: '5',
  ROUTER_ON_FAILURE: 'retry',
  ROUTER_MAX_DURATION_SECONDS: '0',
  ROUTER_DRAIN_SECONDS: '3',
  ROUTER_POOLS: `${model}=${callsPerMinute}`,
});

/** The same as `runChaos`, with routers on three servers of NATS. */
export const runClusterChaos = async (options: ClusterChaosOptions): Promise<ClusterChaosResult> => {
  const { random, say } = options;
  const receipts: Receipt[] = [];
  const fake = await FakeOpenAi.start({ delayMs: options.replyMs });
  const servers = await startCluster({ jetstream: 'sync_interval: always' });
  const copies = Array.from({ length: options.routers }, (_, index) =>
    join(options.folder, `copy-${index + 1}.sqlite`),
  );
  // All at once: the servers have not chosen their leaders yet, and each router would make the stream.
  const routers = await Promise.all(
    copies.map((copy, index) =>
      MemberRouter.start(`router-${index + 1}`, servers, {
        ...routerSettings(options),
        ROUTER_NATS_PROJECTION: copy,
      }),
    ),
  );

  /** A load balancer that asks the routers for their health. */
  const balanced = (): number => {
    const up = routers.filter(({ isUp }) => isUp);
    const all = up.length > 0 ? up : routers;
    return (all[Math.floor(random() * all.length)] as MemberRouter).port;
  };
  const start = ({ name, links }: Pick<Agent, 'name' | 'links'>) =>
    startAgent([name], {
      ROUTER_URL: links.map(({ url }) => url).join(','),
      OPENAI_BASE_URL: fake.baseUrl,
      OPENAI_API_KEY: 'none',
      OPENAI_MODEL: model,
      AGENT_CAPACITY: '32',
      LOG_LEVEL: 'warn',
    });
  const agents: Agent[] = [];
  for (const [index, name] of cast.entries()) {
    const open = (port: () => number) =>
      FaultyLink.open(port, (text) => receipts.push(...receiptsOf(text, name)));
    // Half of them know all routers, the others one address.
    const links =
      index % 2 === 0
        ? [await open(balanced)]
        : await Promise.all(routers.map((router) => open(() => router.port)));
    agents.push({ name, links, process: start({ name, links }) });
  }
  for (let i = 0; i < options.conversations; i++) {
    const { router } = routers[i % routers.length] as MemberRouter;
    const response = await fetch(`${router.http}/v1/conversations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': `chaos-${i}` },
      body: JSON.stringify({
        members: circles[i % circles.length],
        policy: 'round-robin',
        topic: `conversation ${i}`,
        limits: { maxTurns: options.turns },
      }),
    });
    if (response.status !== 201)
      throw new Error(`opening answered ${response.status} ${await response.text()}`);
  }

  const parts = { servers, routers, agents, startAgent: start, random };
  const done = await doFaults(parts, options.seconds, (second, soFar) => {
    if (second % 10 === 9)
      say(
        `${second + 1} s: ${JSON.stringify(soFar)}, ${receipts.length} receipts, ${fake.requests.length} calls`,
      );
  });

  const stuck = async (error: Error): Promise<never> => {
    const views = await Promise.all(
      routers.map(async ({ name, router }) => {
        const all = await router.conversations().catch(() => []);
        const running = all.filter(({ status }) => status !== 'ended').map((view) => JSON.stringify(view));
        const { stdout, stderr } = router.process;
        return [`${name}:`, ...running, stdout.slice(-3_000), stderr.slice(-2_000)].join('\n');
      }),
    );
    const said = agents.map(
      ({ name, process }) => `${name}: ${process.stdout.slice(-1_000)}${process.stderr}`,
    );
    throw new Error([error.message, JSON.stringify(done), ...views, ...said].join('\n'));
  };
  const views = await until(
    'every conversation ends, for every router',
    async () => {
      const all = await Promise.all(routers.map(({ router }) => router.conversations().catch(() => [])));
      const isOver = all.every(
        (one) => one.length === options.conversations && one.every(({ status }) => status === 'ended'),
      );
      return isOver && all[0];
    },
    options.recoveryMs,
  ).catch(stuck);
  const histories = await Promise.all(
    routers.flatMap(({ name, router }) =>
      views.map(
        async ({ id }): Promise<History> => ({
          source: name,
          conversation: id,
          entries: await router.entries(id),
        }),
      ),
    ),
  );
  await Promise.all(agents.map(({ process }) => process.kill()));
  for (const link of agents.flatMap(({ links }) => links)) link.close();
  await Promise.all(routers.map((router) => router.end()));
  for (const server of servers) await server.remove();
  await fake.stop();
  const exits = routers.reduce((sum, { unexpected }) => sum + unexpected, 0);
  return { conversations: views, histories, receipts, done, copies, calls: fake.connectionLimits, exits };
};
