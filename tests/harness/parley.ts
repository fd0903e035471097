import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { nodeOptions } from '@parley/runtime';
import { onTestFinished } from 'vitest';
import { until } from './poll.ts';
import { repository, StartedProcess, type StartOptions } from './started-process.ts';

/** A folder that is gone when the test is over. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const service = (name: 'router' | 'agent', title: string, options: StartOptions): StartedProcess =>
  new StartedProcess(title, process.execPath, {
    // Not in the repository: the .env of the developer is not for tests.
    cwd: tmpdir(),
    ...options,
    args: [...nodeOptions[name], join(repository, `services/${name}/src/main.ts`), ...(options.args ?? [])],
  });

/** A router process that may not come up: for tests of its errors. */
export const spawnRouter = (env: StartOptions['env'] = {}): StartedProcess =>
  service('router', 'router', { env: { ROUTER_PORT: '0', ROUTER_LEDGER: 'memory', ...env } });

/** A command of the router's program, such as `backup`. */
export const spawnRouterCommand = (args: readonly string[], env: StartOptions['env'] = {}): StartedProcess =>
  service('router', `router ${args.join(' ')}`, { args, env });

/** An agent process, `agent NAME TARGET FIRST_SPEAKER`. */
export const startAgent = (args: readonly string[], env: StartOptions['env'] = {}): StartedProcess =>
  service('agent', `agent ${args.join(' ')}`, { args, env: { AGENT_REHEARSAL_DELAY_MS: '1', ...env } });

/** A conversation as `GET /v1/conversations/:id` shows it. */
export interface ConversationView {
  readonly id: string;
  readonly status: 'running' | 'paused' | 'ended';
  readonly by: string;
  readonly members: readonly string[];
  readonly turns: number;
  readonly ending?: { readonly reason: string; readonly detail?: string };
}

/** A router that listens. It can be killed and started again on the same port and ledger. */
export class RunningRouter {
  readonly url: string;
  readonly #env: StartOptions['env'];
  process: StartedProcess;

  private constructor(process: StartedProcess, url: string, env: StartOptions['env']) {
    this.process = process;
    this.url = url;
    this.#env = env;
  }

  static async start(env: StartOptions['env'] = {}, deadlineMs?: number): Promise<RunningRouter> {
    const process = spawnRouter(env);
    const { url } = await process.logged('listening', deadlineMs);
    return new RunningRouter(process, String(url), env);
  }

  get http(): string {
    return this.url.replace(/^ws/, 'http');
  }

  get port(): string {
    return new URL(this.url).port;
  }

  /** As after a power cut of the process: no chance to say goodbye, then up again. */
  async crashAndRestart(): Promise<void> {
    await this.process.kill('SIGKILL');
    await this.startAgain();
  }

  /** On the same port and ledger, once it has exited. */
  async startAgain(deadlineMs?: number): Promise<void> {
    this.process = spawnRouter({ ...this.#env, ROUTER_PORT: this.port });
    await this.process.logged('listening', deadlineMs);
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.http + path, { signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    return (await response.json()) as T;
  }

  async conversations(): Promise<readonly ConversationView[]> {
    const pages = await this.pages<{ conversations: ConversationView[] }>('/v1/conversations');
    return pages.flatMap(({ conversations }) => conversations);
  }

  async entries(id: string): Promise<readonly Entry[]> {
    const pages = await this.pages<{ entries: Entry[] }>(`/v1/conversations/${id}`);
    return pages.flatMap(({ entries }) => entries);
  }

  async pages<T>(path: string): Promise<T[]> {
    const pages: T[] = [];
    for (let next: string | undefined = path; next !== undefined; ) {
      const page: T & { next?: string } = await this.get(next);
      pages.push(page);
      next = page.next;
    }
    return pages;
  }

  /** The first conversation that fits. While the router is down there is none. */
  when(
    what: string,
    fits: (view: ConversationView) => boolean,
    deadlineMs?: number,
  ): Promise<ConversationView> {
    const find = async () => (await this.conversations().catch(() => [])).find(fits);
    return until(`a conversation: ${what}`, find, deadlineMs);
  }

  /** Resolves when a conversation opened by `by` has ended. */
  ended(by: string, deadlineMs?: number): Promise<ConversationView> {
    return this.when(`by ${by}, ended`, (view) => view.by === by && view.status === 'ended', deadlineMs);
  }
}
