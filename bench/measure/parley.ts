import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { nodeOptions } from '@parley/runtime';
import { builtService, emptyDirectory, source } from './built.ts';
import { type Child, startChild } from './child.ts';

export interface Router {
  readonly child: Child;
  readonly port: number;
}

/** Settings without limits that a benchmark would reach. All others have their defaults. */
const withoutLimits = {
  ROUTER_MAX_TURNS: '0',
  ROUTER_MAX_DURATION_SECONDS: '0',
  ROUTER_FRAMES_PER_SECOND: '0',
};

const files = new Map<string, string>();
const built = (service: 'router' | 'agent'): string => {
  const file = files.get(service) ?? builtService(service);
  files.set(service, file);
  return file;
};

/** For a profile the sources are run, so that it shows their functions and lines. */
const program = (service: 'router' | 'agent', profile: string | undefined, name: string): string[] => [
  ...nodeOptions[service],
  ...(profile
    ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${name}.cpuprofile`, source(service)]
    : [built(service)]),
];

export const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

interface StartRouter {
  ledger: 'memory' | 'sqlite';
  port?: number;
  core?: number;
  profile?: string | undefined;
  env?: Record<string, string>;
  /** Arguments of node for the router of another checkout. */
  args?: readonly string[];
}

/** Starts the router of Parley. `ready` resolves before any request. */
export const spawnRouter = async ({
  ledger,
  port,
  core,
  profile,
  env,
  args = program('router', profile, `router-${ledger}`),
}: StartRouter): Promise<Router> => {
  const listening = port ?? (await freePort());
  const child = startChild({
    mute: true,
    args,
    env: {
      ...withoutLimits,
      ROUTER_PORT: String(listening),
      ROUTER_LEDGER: ledger === 'memory' ? 'memory' : join(emptyDirectory(), 'ledger.sqlite'),
      ...env,
    },
    ...(core !== undefined && { core }),
  });
  return { child, port: listening };
};

export const startRouter = async (start: StartRouter): Promise<Router> => {
  const router = await spawnRouter(start);
  await Promise.race([until(() => isReady(router.port), 'the router is ready'), router.child.failed]);
  return router;
};

const isReady = async (port: number): Promise<boolean> => {
  try {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  } catch {
    return false;
  }
};

interface StartAgent {
  name: string;
  target: string;
  router: number;
  env?: Record<string, string>;
  profile?: string | undefined;
}

export const startAgent = ({ name, target, router, env, profile }: StartAgent): Child =>
  startChild({
    mute: true,
    args: program('agent', profile, `agent-${name}`),
    env: { AGENT_NAME: name, AGENT_TARGET: target, ROUTER_URL: `ws://127.0.0.1:${router}`, ...env },
  });

/** An agent process with the agents that `env` names. */
export const startAgentProcess = (router: number, env: Record<string, string>): Child =>
  startChild({
    mute: true,
    args: program('agent', undefined, 'agents'),
    env: { ROUTER_URL: `ws://127.0.0.1:${router}`, ...env },
  });

/** Polls until `holds`; gives up after 60 s. */
export const until = async (holds: () => boolean | Promise<boolean>, what: string): Promise<void> => {
  const deadline = performance.now() + 60_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited a minute until ${what}`);
    await pause(5);
  }
};

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when the router has welcomed this agent. */
export const welcomed = (agent: Child): Promise<unknown> =>
  agent.line((line) => line.includes('"msg":"registered"'));
