import { existsSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until as untilBy } from '../harness/poll.ts';
import { Deployment, deadlineMs } from './deployment.ts';

interface Mount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly read_only?: boolean;
}
const isBind = ({ type }: Mount): boolean => type === 'bind';

/** Prometheus looks every five seconds, at names and at targets. */
const until = (what: string, probe: () => Promise<boolean>) => untilBy(what, probe, deadlineMs);

let deployment: Deployment;
beforeAll(async () => {
  deployment = await Deployment.create('parley-test-observe');
  deployment.up(['router', 'alice', 'bob', 'prometheus']);
});
afterAll(() => deployment[Symbol.asyncDispose]());

const targetsUp = async (job: string): Promise<number> =>
  (await deployment.query(`up{job="${job}"} == 1`)).length;

const isPositive = async (promql: string): Promise<boolean> => {
  const result = await deployment.query(promql);
  return result.length === 1 && Number(result[0]?.value[1]) > 0;
};

test('Prometheus scrapes the router and every agent', async () => {
  await until('the router is up', async () => (await targetsUp('router')) === 1);
  await until('alice and bob are up', async () => (await targetsUp('agent')) === 2);
  await until('turns of the router', () => isPositive('sum(parley_turns_total{job="router"})'));
  await until('two builds of the agent', async () => {
    const builds = await deployment.query('parley_build_info{job="agent"}');
    return builds.length === 2;
  });
});

test('Prometheus finds the replicas of a service that is scaled', async () => {
  deployment.up(['crowd', 'host'], '--no-recreate', '--scale', 'crowd=2');
  await until('alice, bob, host and two of the crowd', async () => (await targetsUp('agent')) === 5);
  const failing = await deployment.query('up == 0');
  expect(failing.filter(({ metric }) => metric.job !== 'agent')).toEqual([]);
});

test('every file that is mounted exists, and Grafana opens with one of them', () => {
  const { services } = JSON.parse(deployment.compose(['--profile', '*', 'config', '--format', 'json'])) as {
    services: Record<string, { volumes?: Mount[]; environment?: Record<string, string> }>;
  };
  const binds = Object.values(services).flatMap(({ volumes = [] }) => volumes.filter(isBind));
  expect(binds.filter(({ source }) => !existsSync(source))).toEqual([]);
  // The command line works in the folder of its user; it is the one service that may write there.
  const writable = Object.entries(services)
    .filter(([, { volumes = [] }]) => volumes.some((volume) => isBind(volume) && !volume.read_only))
    .map(([name]) => name);
  expect(writable).toEqual(['parley']);

  const home = services.grafana?.environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? '';
  const folder = binds.find(({ target }) => home.startsWith(`${target}/`));
  expect(existsSync(home.replace(folder?.target ?? '', folder?.source ?? ''))).toBe(true);
});
