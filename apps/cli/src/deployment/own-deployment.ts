import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, type Environment } from '@parley/runtime';
import { type Exit, type LogLine, ServiceProcess } from './service-process.ts';

const stopGraceMs = 4_000;
const host = '127.0.0.1';

/** `port` when it is free, else 0, which lets the system choose a free port. */
export const freePort = (port: number): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(port, host, () => probe.close(() => resolve(port)));
  });

const ended = (name: string, { code, signal, stderr }: Exit): ConfigError =>
  new ConfigError(
    stderr
      ? stderr.replaceAll(/^parley-\w+/gm, name).split('\n')
      : [`${name} stopped by itself (${signal ?? `exit code ${code}`})`],
  );

export interface OwnDeploymentOptions {
  readonly port: number;
  readonly env: Environment;
  /** The file of the ledger. Without it, the ledger is lost when the deployment stops. */
  readonly ledger?: string;
  /** Aborted when the user stops the command. */
  readonly stop: AbortSignal;
  onLog(service: string, line: LogLine): void;
}

/** A router, and agents for it or for another router, as child processes. */
export class OwnDeployment implements AsyncDisposable {
  readonly #options: OwnDeploymentOptions;
  readonly #folder: string;
  readonly #failure = new AbortController();
  readonly #routers: ServiceProcess[] = [];
  readonly #agents: ServiceProcess[] = [];
  #stopping = false;

  private constructor(options: OwnDeploymentOptions, folder: string) {
    this.#options = options;
    this.#folder = folder;
    this.halted = AbortSignal.any([options.stop, this.#failure.signal]);
  }

  static async create(options: OwnDeploymentOptions): Promise<OwnDeployment> {
    return new OwnDeployment(options, await mkdtemp(join(tmpdir(), 'parley-')));
  }

  /** Aborted by `stop`, or with a ConfigError that gives the reason when a service has ended unexpectedly. */
  readonly halted: AbortSignal;

  /** Resolves with the URL of the router once it listens. */
  async startRouter(): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.halted.addEventListener('abort', () => reject(this.halted.reason));
    const env = {
      ...this.#options.env,
      ROUTER_HOST: host,
      ROUTER_PORT: String(this.#options.port),
      ROUTER_LEDGER: this.#options.ledger ?? join(this.#folder, 'ledger.sqlite'),
      ROUTER_DRAIN_SECONDS: '1',
      // The router is on loopback and only for this command, so it needs no tokens.
      ROUTER_TOKENS: '',
      ROUTER_TOKENS_FILE: '',
      ROUTER_JWT_KEY: '',
      ROUTER_JWT_KEY_FILE: '',
      ROUTER_JWKS: '',
      ROUTER_HEALTH_PORT: 'off',
      ROUTER_TLS_CERT: '',
      ROUTER_TLS_KEY: '',
    };
    this.#start('router', 'router', [], env, (line) => {
      if (line.msg === 'listening') resolve(String(line.url));
    });
    return promise;
  }

  /**
   * Starts a process with these agents. Resolves when all of them have registered with their router; it never resolves when one does
   * not register.
   */
  startAgents(names: readonly string[], args: readonly string[], env: Environment): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const away = new Set(names);
    const all = { ...this.#options.env, ...env, AGENT_HEALTH_PORT: 'off' };
    this.#start('agent', names.join(', '), args, all, (line) => {
      if (line.msg !== 'registered') return;
      away.delete(String(line.agent));
      if (away.size === 0) resolve();
    });
    return promise;
  }

  /** Stops all processes: the agents first, so that the router waits for no turn. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#agents.map((agent) => agent.stop(stopGraceMs)));
    await Promise.all(this.#routers.map((router) => router.stop(stopGraceMs)));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #start(
    service: 'router' | 'agent',
    name: string,
    args: readonly string[],
    env: Environment,
    heard: (line: LogLine) => void = () => {},
  ): void {
    const onLog = (line: LogLine) => {
      heard(line);
      this.#options.onLog(typeof line.agent === 'string' ? line.agent : name, line);
    };
    const started = new ServiceProcess({
      service,
      args,
      env: { ...env, LOG_LEVEL: 'info', LOG_FORMAT: 'json' },
      onLog,
    });
    (service === 'router' ? this.#routers : this.#agents).push(started);
    const onExit = (exit: Exit) => {
      if (!this.#stopping) this.#failure.abort(ended(name, exit));
    };
    started.exited.then(onExit, (error: unknown) => this.#failure.abort(error));
  }
}
