import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import type { ConversationView } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { repository } from '../harness/started-process.ts';

/** It only ends a test that hangs: the machine may do other work. */
export const deadlineMs = 180_000;

export interface AgentView {
  readonly name: string;
  readonly replicas: number;
}

export interface ConversationPage {
  readonly conversation: ConversationView;
  readonly entries: readonly Entry[];
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
      .once('error', () => resolve(false))
      .listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/**
 * A port that stays free while its container is away: it is below those that the kernel gives to outgoing connections, one of
 * which could have it when the container is started again.
 */
export const freePort = async (): Promise<number> => {
  const port = randomInt(20_000, 30_000);
  return (await isFree(port)) ? port : freePort();
};

export const docker = (...args: string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/**
 * Runs a command as root in a container that has the folder as /x: for files that belong to another user than the one that runs
 * the tests.
 */
export const asRoot = (folder: string, command: string, ...args: string[]): string =>
  docker(
    ...['run', '--rm', '--user', '0', '-v', `${folder}:/x`, '--entrypoint', command],
    ...['parley-router', ...args],
  );

export interface DeploymentOptions {
  /** Instead of the project's docker-compose.yml and what the tests lay over it. */
  readonly files?: readonly string[];
  /** Laid over all that. */
  readonly overlay?: string;
  /** For the variables in those files. */
  readonly env?: Readonly<Record<string, string>>;
  /** The .env of the deployment, as far as variables in those files go. */
  readonly envFile?: string;
  /** The router's operator. */
  readonly token?: string;
}

const own = ['docker-compose.yml', 'tests/compose/overlay.yml'];

/** The project's docker-compose.yml on the real engine, under a name and on ports of its own. */
export class Deployment implements AsyncDisposable {
  readonly #project: string;
  readonly #ports: { readonly router: number; readonly prometheus: number };
  readonly #options: DeploymentOptions;

  private constructor(
    project: string,
    ports: { router: number; prometheus: number },
    options: DeploymentOptions,
  ) {
    this.#project = project;
    this.#ports = ports;
    this.#options = options;
  }

  static async create(project: string, options: DeploymentOptions = {}): Promise<Deployment> {
    return new Deployment(project, { router: await freePort(), prometheus: await freePort() }, options);
  }

  get routerUrl(): string {
    return `ws://127.0.0.1:${this.#ports.router}`;
  }

  /** Makes plain `docker compose …` mean this deployment, in the folder of the repository. */
  get environment(): Record<string, string | undefined> {
    const { PATH, HOME, DOCKER_HOST } = process.env;
    const { files = own, overlay, env, envFile = '/dev/null' } = this.#options;
    return {
      PATH,
      HOME,
      DOCKER_HOST,
      // For builds: what the labels of the images say.
      VERSION: '9.8.7',
      REVISION: '0123456789abcdef',
      ...env,
      COMPOSE_FILE: [...files, ...(overlay === undefined ? [] : [overlay])].join(':'),
      COMPOSE_ENV_FILES: envFile,
      COMPOSE_PROJECT_NAME: this.#project,
      PARLEY_PORT: String(this.#ports.router),
      PARLEY_PROMETHEUS_PORT: String(this.#ports.prometheus),
    };
  }

  compose(args: readonly string[], { show = false } = {}): string {
    // The files are relative to the repository, wherever they stand.
    const output = execFileSync('docker', ['compose', '--project-directory', '.', ...args], {
      cwd: join(repository),
      encoding: 'utf8',
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
      env: this.environment,
    });
    return output?.trim() ?? '';
  }

  /** Starts services and returns when all of them are healthy. */
  up(services: readonly string[], ...options: string[]): void {
    const flags = ['--no-build', '--detach', '--wait', '--wait-timeout', '240'];
    this.compose(['up', ...flags, ...options, ...services]);
  }

  /** Starts everything and waits for nothing: for services that do one thing and are done. */
  start(): void {
    this.compose(['up', '--no-build', '--detach']);
  }

  /** The ids of a service's containers. */
  containers(service: string): string[] {
    return this.compose(['ps', '--all', '--quiet', service]).split('\n').filter(Boolean);
  }

  async get<T>(path: string): Promise<T> {
    const { token } = this.#options;
    const response = await fetch(`http://127.0.0.1:${this.#ports.router}${path}`, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** The result of an instant query. */
  async query(promql: string): Promise<{ metric: Record<string, string>; value: [number, string] }[]> {
    const url = `http://127.0.0.1:${this.#ports.prometheus}/api/v1/query?query=${encodeURIComponent(promql)}`;
    const { data } = (await (await fetch(url)).json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return data.result;
  }

  /** The first conversation of which `is` holds, once there is one. A router that is away is waited for. */
  conversation(what: string, is: (one: ConversationView) => boolean): Promise<ConversationPage> {
    const look = async () => {
      const { conversations } = await this.get<{ conversations: ConversationView[] }>('/v1/conversations');
      const found = conversations.find(is);
      return found && this.get<ConversationPage>(`/v1/conversations/${found.id}`);
    };
    return until(what, () => look().catch(() => undefined), deadlineMs);
  }

  /** Removes everything, volumes too. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.compose(['--profile', '*', 'down', '--volumes', '--remove-orphans', '--timeout', '5']);
  }
}
