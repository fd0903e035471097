import type { Environment } from '@parley/kit';
import { ConfigError } from '@parley/kit';
import { type Host, routerOf } from './command.ts';
import { OwnDeployment } from './own-deployment.ts';
import { RouterApi } from './router-api.ts';
import type { AgentProcess } from './scenario/agents.ts';
import type { LogLine } from './service-process.ts';

const connectedWithinMs = 15_000;
const lookMs = 50;

export interface StageOptions {
  /** A router that runs already; none: one is started. */
  readonly url: string | undefined;
  readonly port: number;
  readonly ledger?: string | undefined;
  /** Processes to start, unless somebody speaks for their names already. */
  readonly agents: readonly AgentProcess[];
  /** Settings for all of them. */
  readonly env?: Environment;
  /** Nobody may speak for these names yet: what they do is recorded or replayed. */
  readonly exclusive?: boolean;
  onLog(service: string, line: LogLine): void;
}

/** A router and the processes of a cast, ready for a conversation. What it started ends with it. */
export class Stage implements AsyncDisposable {
  readonly api: RouterApi;
  /** As people open it in a browser. */
  readonly url: string;
  /** Aborted when the user stops, or when a process that it started is gone. */
  readonly halted: AbortSignal;
  readonly #deployment: OwnDeployment;

  private constructor(api: RouterApi, deployment: OwnDeployment) {
    this.api = api;
    this.url = api.url;
    this.halted = deployment.halted;
    this.#deployment = deployment;
  }

  static async set(options: StageOptions, host: Host): Promise<Stage> {
    const { url, port, ledger, agents, env = {}, exclusive = false, onLog } = options;
    const deployment = await OwnDeployment.create({
      port,
      env: host.env,
      stop: host.stop,
      onLog,
      ...(ledger !== undefined && { ledger }),
    });
    try {
      const api =
        url === undefined
          ? new RouterApi(await deployment.startRouter(), deployment.halted)
          : routerOf(url, { env: host.env, stop: deployment.halted });
      const present = new Set((await api.agents()).map(({ name }) => name));
      const taken = agents.filter(({ name }) => present.has(name)).map(({ name }) => name);
      if (exclusive && taken.length > 0) {
        throw new ConfigError([`${taken.join(', ')} speaks on ${api.url} already, so this cannot record it`]);
      }
      const missing = agents.filter(({ name }) => !present.has(name));
      for (const agent of missing) {
        deployment.startAgent(agent.name, [], {
          ...cleared,
          ...env,
          ...agent.env,
          ROUTER_URL: api.url.replace(/^http/, 'ws'),
        });
      }
      const stage = new Stage(api, deployment);
      await stage.#connected(missing.map(({ name }) => name));
      return stage;
    } catch (error) {
      await deployment[Symbol.asyncDispose]();
      throw deployment.halted.aborted && !host.stop.aborted ? deployment.halted.reason : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deployment[Symbol.asyncDispose]();
  }

  /** All who were started are there, so that nobody is granted a turn and waits for the start of its process. */
  async #connected(names: readonly string[]): Promise<void> {
    const deadline = performance.now() + connectedWithinMs;
    for (;;) {
      const agents = await this.api.agents();
      const replicas = (name: string) => agents.find((agent) => agent.name === name)?.replicas ?? 0;
      const wanted = (name: string) => names.filter((one) => one === name).length;
      const away = names.filter((name) => replicas(name) < wanted(name));
      if (away.length === 0) return;
      this.halted.throwIfAborted();
      if (performance.now() > deadline) {
        throw new ConfigError([`${[...new Set(away)].join(', ')} did not connect to ${this.url}`]);
      }
      await new Promise((resolve) => setTimeout(resolve, lookMs));
    }
  }
}

/** What would make an agent open a conversation of its own, or another than its scenario says. */
const cleared: Environment = {
  AGENT_NAME: '',
  AGENT_TARGET: '',
  AGENT_FIRST_SPEAKER: '',
  AGENT_MEMBERS: '',
  AGENT_TOPIC: '',
  AGENT_POLICY: '',
  AGENT_SEED: '',
};
