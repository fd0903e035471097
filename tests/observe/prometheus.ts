import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

/** A real Prometheus, with a configuration given as an object and its data in a folder that goes away with it. */
export class Prometheus {
  readonly #url: string;
  readonly #end: () => Promise<void>;

  private constructor(url: string, end: () => Promise<void>) {
    this.#url = url;
    this.#end = end;
  }

  static async start(path: string, configuration: object): Promise<Prometheus> {
    const folder = await mkdtemp(join(tmpdir(), 'parley-prometheus-'));
    const file = join(folder, 'prometheus.yml');
    await writeFile(file, stringify(configuration));
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      path,
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    let output = '';
    await new Promise<void>((resolve, reject) => {
      void exited.then(() => reject(new Error(`prometheus ended:\n${output}`)));
      child.stderr.setEncoding('utf8').on('data', (data: string) => {
        output += data;
        if (output.includes('Server is ready')) resolve();
      });
    });
    return new Prometheus(`http://${address}`, async () => {
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    });
  }

  /** Throws when the expression is not valid. */
  async query(expression: string): Promise<Sample[]> {
    const body = new URLSearchParams({ query: expression });
    const answer = await this.#ask('query', { method: 'POST', body });
    const { result } = answer as { result: { metric: Sample['metric']; value: [number, string] }[] };
    return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
  }

  /** The rules, each with how its last evaluation went. */
  async rules(): Promise<{ name: string; health: string; state: string; lastError?: string }[]> {
    const { groups } = (await this.#ask('rules')) as { groups: { rules: [] }[] };
    return groups.flatMap(({ rules }) => rules);
  }

  stop(): Promise<void> {
    return this.#end();
  }

  async #ask(what: string, request: RequestInit = {}): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${what}`, request);
    const { status, data, error } = (await response.json()) as {
      status: string;
      data: unknown;
      error?: string;
    };
    if (status !== 'success') throw new Error(`${what}: ${error}`);
    return data;
  }
}
