import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { dirname } from 'node:path';
import { bundled } from '../measure/built.ts';
import { pause } from '../measure/parley.ts';
import type { Figure, Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const warmMs = 5_000;
const settleMs = 8_000;
const measuredMs = 20_000;
const mebibyte = 1024 ** 2;
const network = 'parley-bench-idle';
const base = 'node:24-bookworm-slim';

const docker = (...args: string[]): string => execFileSync('docker', args, { encoding: 'utf8' }).trim();

interface Stats {
  readonly cpu_stats: { readonly cpu_usage: { readonly total_usage: number } };
  readonly memory_stats: {
    readonly usage: number;
    readonly stats: { readonly inactive_file?: number; readonly total_inactive_file?: number };
  };
}

const remove = (containers: Map<string, string>): void => {
  if (containers.size > 0) docker('rm', '--force', '--volumes', ...containers.values());
  containers.clear();
};

/** The figures of the engine for a container, health checks included. */
const statsOf = (container: string): Promise<Stats> =>
  new Promise((resolve, reject) => {
    const socketPath = (process.env.DOCKER_HOST ?? '/var/run/docker.sock').replace(/^unix:\/\//, '');
    const asked = request({ socketPath, path: `/containers/${container}/stats?stream=false` }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      answer.on('end', () => resolve(JSON.parse(body) as Stats));
    });
    asked.on('error', reject).end();
  });

const start = (name: string, ...rest: string[]): string =>
  docker('run', '--detach', '--init', '--network', network, '--network-alias', name, ...rest);

/** The containers by kind. Each is idle: connected and in no conversation. */
const startAll = async (routerFile: string, agentFile: string): Promise<Map<string, string>> => {
  const env = (values: Record<string, string>) =>
    Object.entries(values).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
  const agent = { ROUTER_URL: 'ws://router:8765', AGENT_NAME: 'alice', AGENT_TARGET: 'bob' };
  const bare = ['-v', `${dirname(routerFile)}:/bench:ro`, base, 'node'];
  const inBench = (file: string) => `/bench/${file.slice(dirname(routerFile).length + 1)}`;
  return new Map([
    ['router', start('router', ...env({ ROUTER_OPEN: 'true', ROUTER_HOSTS: 'router' }), 'parley-router')],
    ['agent', start('agent', ...env(agent), 'parley-agent')],
    ['ws router', start('bare', ...bare, inBench(routerFile), '8765', '0.0.0.0')],
    [
      'SDK agent',
      start(
        'bare-agent',
        ...bare,
        inBench(agentFile),
        'ws://bare:8765',
        'a',
        'b',
        'http://127.0.0.1:9/v1',
        '1',
      ),
    ],
  ]);
};

/** The cost of idle containers, compared with minimal programs. Needs the images and an engine. */
export const idle = async ({ rounds }: Options): Promise<Outcome> => {
  const routerFile = await bundled('baselines/ws-router.ts');
  const agentFile = await bundled('baselines/ws-agent.ts');
  const samples = new Map<string, { unit: string; samples: number[] }>();
  const note = (what: string, unit: string, sample: number) => {
    const one = samples.get(what) ?? { unit, samples: [] };
    one.samples.push(sample);
    samples.set(what, one);
  };
  docker('network', 'create', network);
  let containers = new Map<string, string>();
  try {
    // Files of an image are charged to the container that reads them first: these containers read them and are removed.
    containers = await startAll(routerFile, agentFile);
    await pause(warmMs);
    remove(containers);
    containers = await startAll(routerFile, agentFile);
    await pause(settleMs);
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1}`);
      const before = new Map<string, { cpu: number; at: number }>();
      for (const [what, id] of containers)
        before.set(what, { cpu: (await statsOf(id)).cpu_stats.cpu_usage.total_usage, at: performance.now() });
      await pause(measuredMs);
      for (const [what, id] of containers) {
        const { cpu_stats: cpu, memory_stats: memory } = await statsOf(id);
        const began = before.get(what)!;
        const share = (cpu.cpu_usage.total_usage - began.cpu) / 1e6 / (performance.now() - began.at);
        const cache = memory.stats.total_inactive_file ?? memory.stats.inactive_file ?? 0;
        note(`${what}, idle: working set`, 'MiB', (memory.usage - cache) / mebibyte);
        note(`${what}, idle: CPU`, '%', share * 100);
      }
    }
  } finally {
    remove(containers);
    docker('network', 'rm', network);
  }
  const figures: Figure[] = [...samples].map(([what, rest]) => ({ what, ...rest }));
  const target = (what: string, atMost: number) => ({
    claim: `${what} (${samples.get(what)!.unit})`,
    measured: median(samples.get(what)!.samples),
    atMost,
  });
  return {
    figures,
    targets: [
      target('router, idle: working set', 30),
      target('router, idle: CPU', 0.5),
      target('agent, idle: working set', 30),
      target('agent, idle: CPU', 0.2),
    ],
  };
};
