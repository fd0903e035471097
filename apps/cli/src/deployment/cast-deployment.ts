import type { Environment } from '@parley/runtime';
import { ConfigError } from '@parley/runtime';
import { routerOf } from '../api/named-router.ts';
import { RouterApi } from '../api/router-api.ts';
import type { Host } from '../command.ts';
import { type AgentProcess, ownProcesses, sharedProcesses } from '../scenario/agents.ts';
import { OwnDeployment } from './own-deployment.ts';
import type { LogLine } from './service-process.ts';

const connectedWithinMs = 15_000;

export interface CastDeploymentOptions {
  /** The URL of a running router. Undefined: a router is started. */
  readonly url: string | undefined;
  readonly port: number;
  readonly ledger?: string | undefined;
  /** The agents to start, except those whose name a connected plain client has. */
  readonly agents: readonly AgentProcess[];
  /** All agents in one process, instead of a process for each. */
  readonly oneProcess?: boolean | undefined;
  /** Settings for all agents. */
  readonly env?: Environment;
  /** No other client may have these names, because their messages are recorded or replayed. */
  readonly exclusive?: boolean;
  onLog(service: string, line: LogLine): void;
}

/** A router and the processes of a cast, ready for a conversation. It stops the processes that it started. */
export class CastDeployment implements AsyncDisposable {
  readonly api: RouterApi;
  /** The URL for a browser. */
  readonly url: string;
  /** Aborted when the user stops the command, or when a process that it started has ended. */
  readonly halted: AbortSignal;
  readonly #deployment: OwnDeployment;

  private constructor(api: RouterApi, deployment: OwnDeployment) {
    this.api = api;
    this.url = api.url;
    this.halted = deployment.halted;
    this.#deployment = deployment;
  }

  static async set(options: CastDeploymentOptions, host: Host): Promise<CastDeployment> {
    const { url, port, ledger, agents, oneProcess, env = {}, exclusive = false, onLog } = options;
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
          : routerOf({ url }, { env: host.env, stop: deployment.halted });
      const present = await api.agents();
      const taken = agents.map(({ name }) => name).filter((name) => present.some((one) => one.name === name));
      if (exclusive && taken.length > 0) {
        throw new ConfigError([
          `${taken.join(', ')} is connected to ${api.url} already, so this run cannot be recorded`,
        ]);
      }
      // A run starts its own agents, also when agents of another run have the same names. An agent cannot register the name of
      // a plain client.
      const plain = new Set(present.filter(({ capacity }) => capacity === 0).map(({ name }) => name));
      const missing = agents.filter(({ name }) => !plain.has(name));
      const processes = (oneProcess ? sharedProcesses : ownProcesses)(missing);
      const registered = processes.map((one) =>
        deployment.startAgents(one.names, [], {
          ...cleared,
          ...env,
          ...one.env,
          ROUTER_URL: api.urls.map((url) => url.replace(/^http/, 'ws')).join(','),
        }),
      );
      const castDeployment = new CastDeployment(api, deployment);
      await castDeployment.#connected(
        processes.map(({ names }) => names.join(', ')),
        registered,
      );
      return castDeployment;
    } catch (error) {
      await deployment[Symbol.asyncDispose]();
      throw deployment.halted.aborted && !host.stop.aborted ? deployment.halted.reason : error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deployment[Symbol.asyncDispose]();
  }

  /**
   * Resolves when all started processes have registered their agents, so that no turn is granted to an agent that is still
   * starting.
   */
  async #connected(names: readonly string[], registered: readonly Promise<void>[]): Promise<void> {
    const away = new Set(names.keys());
    const all = registered.map((one, index) => one.then(() => away.delete(index)));
    const time = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      const missing = [...new Set([...away].map((index) => names[index]))];
      time.reject(new ConfigError([`${missing.join(', ')} did not connect to ${this.url}`]));
    }, connectedWithinMs);
    const stopped = () => time.reject(this.halted.reason);
    this.halted.addEventListener('abort', stopped);
    try {
      this.halted.throwIfAborted();
      await Promise.race([Promise.all(all), time.promise]);
    } finally {
      clearTimeout(timer);
      this.halted.removeEventListener('abort', stopped);
    }
  }
}

/** Settings that would make an agent open a conversation itself, or open another one than the scenario defines. */
export const cleared: Environment = {
  AGENT_NAME: '',
  AGENT_NAMES: '',
  AGENT_TARGET: '',
  AGENT_FIRST_SPEAKER: '',
  AGENT_MEMBERS: '',
  AGENT_TOPIC: '',
  AGENT_POLICY: '',
  AGENT_SEED: '',
};
