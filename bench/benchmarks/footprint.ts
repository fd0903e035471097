import { bundled } from '../measure/built.ts';
import { type Child, startChild } from '../measure/child.ts';
import { freePort, pause, spawnRouter, startAgent, startRouter, welcomed } from '../measure/parley.ts';
import { memoryKiB } from '../measure/process-cost.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const idleConnections = 10_000;
/** The time in which the memory of an idle process settles. */
const settleMs = 3_000;
/** The time in which every connection is pinged once (PROTOCOL.md §2.6). */
const heartbeatMs = 12_000;

type Samples = Map<string, { unit: string; samples: number[] }>;
type Note = (what: string, unit: string, sample: number) => void;

const stopAll = (children: readonly Child[]) => Promise.all(children.map((child) => child.stop()));

/** The time from the first spawn until every agent has received `welcome`. */
const startUp = async (agents: number, note: Note, idle: boolean): Promise<void> => {
  const port = await freePort();
  const began = performance.now();
  const router = await spawnRouter({ ledger: 'sqlite', port });
  const names = Array.from({ length: agents }, (_, i) => `a${i}`);
  const children = names.map((name, i) =>
    startAgent({ name, target: names[(i + 1) % agents]!, router: port, env: silent }),
  );
  await Promise.all(children.map(welcomed));
  note(`router and ${agents} agents, until all are welcomed`, 's', (performance.now() - began) / 1000);
  if (idle) {
    await pause(settleMs);
    noteMemory('router, idle', router.child, note);
    noteMemory('agent, idle', children[0]!, note);
  }
  await stopAll([...children, router.child]);
};
/** No client opens a conversation. */
const silent = {
  AGENT_FIRST_SPEAKER: 'false',
  OPENAI_API_KEY: 'none',
  OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
};

const noteMemory = (what: string, { pid }: Child, note: Note) => {
  const { rss, pss } = memoryKiB(pid);
  note(`${what}: RSS`, 'MiB', rss / 1024);
  note(`${what}: PSS`, 'MiB', pss / 1024);
};

/** The same for the minimal programs: a router of `ws` and two agents of `ws` and the SDK. */
const baselineStartUp = async (routerFile: string, agentFile: string, note: Note): Promise<void> => {
  const port = await freePort();
  const began = performance.now();
  const router = startChild({ args: [routerFile, String(port)] });
  await router.message();
  const agents = ['a0', 'a1'].map((name, i) =>
    startChild({
      args: [agentFile, `ws://127.0.0.1:${port}`, name, `a${1 - i}`, 'http://127.0.0.1:9/v1', '1'],
    }),
  );
  await Promise.all(agents.map((agent) => agent.message()));
  note('ws router and 2 SDK agents, until all are registered', 's', (performance.now() - began) / 1000);
  await pause(settleMs);
  noteMemory('ws router, idle', router, note);
  noteMemory('SDK agent, idle', agents[0]!, note);
  await stopAll([...agents, router]);
};

/** The resident memory of the server for an idle plain connection, and the time in which many clients connect. */
const connections = async (
  what: string,
  server: { child: Child; port: number },
  clientsFile: string,
  note: Note,
): Promise<void> => {
  await pause(settleMs);
  const before = memoryKiB(server.child.pid).rss;
  const clients = startChild({ args: [clientsFile, String(server.port), String(idleConnections)] });
  const { connectMs } = await clients.message<{ connectMs: number }>();
  await pause(heartbeatMs);
  const each = (memoryKiB(server.child.pid).rss - before) / idleConnections;
  note(`${what}: RSS of an idle connection of 10,000`, 'KiB', each);
  note(`${what}: 10,000 connect`, 's', connectMs / 1000);
  progress(`${what}: ${each.toFixed(1)} KiB a connection, ${Math.round(connectMs)} ms to connect`);
  await clients.stop();
  await server.child.stop();
};

/** The cost of an idle system. */
export const footprint = async ({ rounds }: Options): Promise<Outcome> => {
  const routerFile = await bundled('baselines/ws-router.ts');
  const agentFile = await bundled('baselines/ws-agent.ts');
  const clientsFile = await bundled('load/idle-clients.ts');
  const measured: Samples = new Map();
  const note: Note = (what, unit, sample) => {
    const one = measured.get(what) ?? { unit, samples: [] };
    one.samples.push(sample);
    measured.set(what, one);
  };
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1}`);
    await baselineStartUp(routerFile, agentFile, note);
    await startUp(2, note, true);
    await startUp(50, note, false);
    const child = startChild({ args: [routerFile] });
    const { port } = await child.message<{ port: number }>();
    await connections('ws router', { child, port }, clientsFile, note);
    await connections('Parley, memory', await startRouter({ ledger: 'memory' }), clientsFile, note);
  }
  const figures: Figure[] = [...measured].map(([what, rest]) => ({ what, ...rest }));
  const target = (what: string, atMost: number) => ({
    claim: `${what} (${measured.get(what)!.unit})`,
    measured: median(measured.get(what)!.samples),
    atMost,
  });
  return {
    figures,
    targets: [
      target('router, idle: RSS', 70),
      target('agent, idle: RSS', 75),
      target('router and 2 agents, until all are welcomed', 0.4),
      target('router and 50 agents, until all are welcomed', 4),
      target('Parley, memory: RSS of an idle connection of 10,000', 12),
      target('Parley, memory: 10,000 connect', 3),
    ],
  };
};
