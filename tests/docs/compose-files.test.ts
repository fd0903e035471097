import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { permissionsFile } from '../../deploy/nats-permissions.ts';
import { repository } from '../harness/started-process.ts';

interface Service {
  readonly image?: string;
  readonly build?: { readonly dockerfile: string };
  readonly pull_policy?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string; readonly required?: boolean }>>;
  readonly develop?: { readonly watch: readonly { readonly path: string }[] };
  readonly environment?: Readonly<Record<string, string | null>>;
  readonly extra_hosts?: readonly string[];
  readonly extends?: { readonly service: string };
  readonly logging?: unknown;
  readonly ports?: readonly string[];
  readonly profiles?: readonly string[];
  readonly restart?: string;
  readonly deploy?: { readonly resources: { readonly limits: { readonly memory?: string } } };
}

const read = (file: string): string => readFileSync(join(repository, file), 'utf8');
const servicesOf = (file: string): Readonly<Record<string, Service>> =>
  (parse(read(file), { merge: true, logLevel: 'silent' }) as { services: Record<string, Service> }).services;

const services = servicesOf('docker-compose.yml');
const entries = Object.entries(services);
const byDefault = entries.filter(([, { profiles }]) => profiles === undefined);
const agents = entries.filter(([, { image }]) => image?.includes('parley-agent'));

describe('docker-compose.yml', () => {
  it('no service of `docker compose up` waits for a health check of another, so that the first message comes soon', () => {
    expect(byDefault.map(([name]) => name)).toEqual(['router', 'alice', 'bob', 'watch']);
    const waits = byDefault.flatMap(([, { depends_on = {} }]) =>
      Object.entries(depends_on).filter(([name]) => services[name]?.profiles === undefined),
    );
    expect(new Set(waits.map(([, { condition }]) => condition))).toEqual(new Set(['service_started']));
  });

  it('docker-compose.yml looks for no image of Parley in a registry, and builds each of the three once', () => {
    const ours = entries.filter(
      ([, { image }]) => image?.includes('/parley-') || image?.includes('}parley-'),
    );
    expect(ours.length).toBeGreaterThan(5);
    expect(new Set(ours.map(([, { pull_policy }]) => pull_policy))).toEqual(
      new Set([`\${PARLEY_PULL:-never}`]),
    );
    const built = entries.flatMap(([, { build }]) => (build ? [build.dockerfile] : []));
    expect(built.toSorted()).toEqual(['Dockerfile.agent', 'Dockerfile.cli', 'Dockerfile.router']);
  });

  it('docker-compose.yml rebuilds each image when its sources change (`docker compose watch`)', () => {
    const watched = entries.flatMap(([name, { build, develop }]) =>
      build && name !== 'watch' ? [[name, develop?.watch.map(({ path }) => path)] as const] : [],
    );
    expect(watched).toEqual([
      ['router', ['services/router/src', 'packages']],
      ['alice', ['services/agent/src', 'packages']],
    ]);
  });

  it('docker-compose.yml gives every agent a persona, and a topic to each that opens a conversation', () => {
    for (const [name, { environment = {} }] of agents) {
      expect(environment.AGENT_PERSONA, name).toMatch(/\S/);
      if (environment.AGENT_FIRST_SPEAKER !== undefined)
        expect(environment.AGENT_TOPIC, name).toMatch(/:-\w.*\}$/);
    }
    expect(servicesOf('deploy/compose/ten-agents.yml')['agent-1']?.environment?.AGENT_TOPIC).toMatch(/:-\w/);
  });

  it('docker-compose.yml passes the model and the tokens on that are set in the shell', () => {
    const variables = ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OPENAI_MODEL', 'AGENT_TOKEN'];
    const wanted = Object.fromEntries(variables.map((name) => [name, `\${${name}:-}`]));
    for (const [name, { environment }] of agents) expect(environment, name).toMatchObject(wanted);
    expect(services.router?.environment?.ROUTER_TOKENS).toBe(`\${ROUTER_TOKENS:-}`);
  });

  it('docker-compose.yml gives every agent the name of the host machine, for a model server there', () => {
    for (const [name, { extra_hosts }] of agents)
      expect(extra_hosts, name).toEqual(['host.docker.internal:host-gateway']);
  });

  it('docker-compose.yml bounds memory and logs of every service, and restarts all but single jobs', () => {
    for (const [name, { deploy, logging, restart, profiles = [] }] of entries) {
      expect(deploy?.resources.limits.memory, name).toBeDefined();
      expect(logging, name).toEqual({ driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } });
      if (name === 'ollama-pull') expect(restart).toBe('on-failure:3');
      else if (!profiles.includes('cli')) expect(restart, name).toBe('unless-stopped');
    }
  });

  it('docker-compose.yml publishes Prometheus and Grafana on loopback, also when PARLEY_BIND publishes the router', () => {
    expect(services.router?.ports?.[0]).toContain('PARLEY_BIND');
    for (const name of ['prometheus', 'grafana'])
      for (const port of services[name]?.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('docker-compose.yml keeps the name of the router in its network valid for any ROUTER_HOSTS in .env', () => {
    for (const file of ['docker-compose.yml', 'compose.team.yml'])
      expect(servicesOf(file).router?.environment?.ROUTER_HOSTS).toMatch(/^router,.*\$\{ROUTER_HOSTS:-\}$/);
  });

  it('docker-compose.yml sets no project name, so that two checkouts run side by side', () => {
    expect(read('docker-compose.yml')).not.toMatch(/^name:/m);
    expect(read('docker-compose.yml')).not.toContain('container_name');
  });
});

describe('compose.cluster.yml', () => {
  const clustered = servicesOf('compose.cluster.yml');
  const routers = Object.keys(clustered).filter((name) => /^router-\d$/.test(name));

  it('compose.cluster.yml publishes the load balancer where docker-compose.yml publishes its router, and nothing else', () => {
    expect(clustered.router?.ports).toEqual(services.router?.ports);
    const published = Object.entries(clustered).filter(([, { ports = [] }]) => ports.length > 0);
    expect(published.map(([name]) => name)).toEqual(['router']);
  });

  it('compose.cluster.yml bounds memory and logs of every service that it adds', () => {
    const added = Object.entries(clustered).filter(([, { image }]) => image !== undefined);
    expect(added.map(([name]) => name)).toEqual(['nats-1', 'nats-2', 'nats-3', 'router']);
    for (const [name, { deploy, logging, restart }] of added) {
      expect(deploy?.resources.limits.memory, name).toBeDefined();
      expect(logging, name).toEqual({ driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } });
      expect(restart, name).toBe('unless-stopped');
    }
  });

  it('the routers of compose.cluster.yml are those of the load balancer, of Prometheus and of ROUTER_HOSTS', () => {
    expect(routers).toEqual(['router-1', 'router-2', 'router-3']);
    expect(read('deploy/cluster/Caddyfile')).toContain(
      `reverse_proxy ${routers.map((name) => `${name}:8765`).join(' ')} {`,
    );
    const targets = `targets: [${routers.map((name) => `${name}:9464`).join(', ')}]`;
    expect(read('deploy/cluster/prometheus.yml')).toContain(targets);
    for (const name of routers)
      expect(clustered[name]?.environment?.ROUTER_HOSTS).toBe(
        `router,${routers.join(',')},\${ROUTER_HOSTS:-}`,
      );
  });

  it('Prometheus scrapes the agents of several routers as it scrapes those of one', () => {
    const agentsOf = (file: string) =>
      (parse(read(file)) as { scrape_configs: { job_name: string }[] }).scrape_configs.slice(1);
    expect(agentsOf('deploy/cluster/prometheus.yml')).toEqual(agentsOf('deploy/prometheus/prometheus.yml'));
  });

  it('the user of the routers at NATS has the permissions that `parley router nats-permissions` prints', () => {
    expect(read('deploy/cluster/nats/permissions.conf')).toBe(permissionsFile);
  });
});

describe('What belongs to one deployment', () => {
  it.each(['.env', 'secrets/alice/token', 'docker-compose.override.yml', 'data/ledger.sqlite'])(
    'a file of one deployment is not committed: %s',
    (path) => {
      expect(execFileSync('git', ['check-ignore', path], { cwd: repository, encoding: 'utf8' })).toContain(
        path,
      );
    },
  );
});
