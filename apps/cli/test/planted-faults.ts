import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Environment } from '@parley/runtime';
import { onTestFinished } from 'vitest';
import { diagnosis } from '../src/doctor/diagnosis.ts';
import type { Finding } from '../src/doctor/finding.ts';
import { type Answer, machine, type Surroundings } from '../src/doctor/surroundings.ts';

type Reply = readonly [status: number, body: string, headers?: Readonly<Record<string, string>>];

const json = (value: object): Reply => [200, JSON.stringify(value), { 'content-type': 'application/json' }];
export const refusal = (status: number, message: string): Reply => [
  status,
  JSON.stringify({ error: { code: 'x', message } }),
];

/** A server that answers paths from a table. */
export class TableServer {
  readonly #server: Server;
  readonly url: string;
  readonly replies: Record<string, Reply>;
  /** The headers of the last request. */
  authorization: string | undefined;

  private constructor(server: Server, replies: Record<string, Reply>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.replies = replies;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.authorization = request.headers.authorization;
      const path = (request.url ?? '').replace(/\?.*/, '');
      const [status, body, headers = {}] = this.replies[path] ?? [404, 'not found'];
      response.writeHead(status, headers).end(body);
    });
  }

  static async start(replies: Record<string, Reply>): Promise<TableServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return new TableServer(server, replies);
  }

  /** Frees the port: nothing listens there any more. */
  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

/** A healthy deployment in a folder of its own, in which a test plants one fault. */
export class World {
  readonly folder: string;
  readonly router: TableServer;
  readonly model: TableServer;
  token: string | undefined = 'token';
  /** The address at which the router is asked; default: its own. */
  url: string | undefined;
  env: Record<string, string> = {};
  problems: string[] = [];
  /** What docker answers, by its arguments. Undefined: it is not installed. */
  docker: Record<string, Answer> | undefined;
  around: Partial<Surroundings> = {};

  private constructor(folder: string, router: TableServer, model: TableServer) {
    this.folder = folder;
    this.router = router;
    this.model = model;
    this.env = {
      HOME: folder,
      PARLEY_RUNS_KEEP: '0',
      OPENAI_BASE_URL: `${model.url}/v1`,
      OPENAI_API_KEY: 'sk-right',
      OPENAI_MODEL: 'gpt-4.1-nano',
    };
    this.docker = {
      version: said('27.3.1'),
      'compose version': said('2.31.0'),
      'compose config': said(''),
      'compose ps': said('{"Service":"router","State":"running","ExitCode":0,"Health":"healthy"}'),
      'image inspect': said('ok'),
    };
  }

  static async healthy(): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'parley-doctor-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const router = await TableServer.start({
      '/healthz': [200, 'ok\n'],
      '/readyz': [200, 'ready\n'],
      '/v1/me': json({ role: 'operator', names: ['*'] }),
      '/metrics': [200, 'parley_build_info{version="1.2.3",revision="x"} 1\n'],
      '/v1/agents': json({ agents: [] }),
      '/v1/conversations': json({ conversations: [], total: 0 }),
    });
    const model = await TableServer.start({
      '/v1/models': json({ data: [{ id: 'gpt-4.1-nano' }, { id: 'gpt-4.1-mini' }] }),
    });
    return new World(folder, router, model);
  }

  write(file: string, text = ''): void {
    const path = join(this.folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** The folder has the Compose files of a clone. */
  composed(more: Environment = {}): void {
    this.write('docker-compose.yml', 'services: { router: { image: parley-router } }\n');
    // A model server of this machine is a fault of its own there.
    this.env.OPENAI_BASE_URL = '';
    this.env.OPENAI_API_KEY = '';
    Object.assign(this.env, more);
  }

  /** The folder has the Compose files of a team, with a secret for each of its names. */
  team(...names: readonly string[]): void {
    this.composed({
      COMPOSE_FILE: 'docker-compose.yml:compose.team.yml',
      PARLEY_DOMAIN: 'parley.example.com',
    });
    this.write(
      'compose.team.yml',
      'secrets:\n  router: { file: x }\n  alice: { file: x }\n  operator: { file: x }\n',
    );
    for (const name of names) this.write(`secrets/${name}/${name === 'router' ? 'tokens' : 'token'}`, 'x');
  }

  /** The folder has the Compose files of several routers. */
  clustered(more: Environment): void {
    this.composed({ COMPOSE_FILE: 'docker-compose.yml:compose.cluster.yml', ...more });
    this.write('compose.cluster.yml', 'services: {}\n');
  }

  async findings(): Promise<readonly Finding[]> {
    const { folder, env, problems, docker } = this;
    const real = machine({ env, problems, folder, stop: new AbortController().signal });
    const around: Surroundings = {
      ...real,
      contained: false,
      freeBytes: () => 1e12,
      isTaken: () => Promise.resolve(false),
      run: (program, args) =>
        program === 'docker' ? Promise.resolve(docker && answerTo(docker, args)) : real.run(program, args),
      ...this.around,
    };
    const authorization = this.token === undefined ? undefined : `Bearer ${this.token}`;
    return await diagnosis(around, { url: this.url ?? this.router.url, authorization, version: '1.2.3' });
  }
}

export const said = (stdout: string): Answer => ({ code: 0, stdout, stderr: '' });
export const failed = (stderr: string): Answer => ({ code: 1, stdout: '', stderr });

const answerTo = (docker: Record<string, Answer>, args: readonly string[]): Answer =>
  Object.entries(docker).find(([beginning]) => args.join(' ').startsWith(beginning))?.[1] ??
  failed('unknown');
