import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { answerOf, parley } from '../harness/command-line.ts';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll, repository } from '../harness/started-process.ts';

afterEach(killAll);

/** How many processes `pid` has started that run. */
const childrenOf = (pid: number): number =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => {
      try {
        return readFileSync(`/proc/${entry}/status`, 'utf8').includes(`\nPPid:\t${pid}\n`);
      } catch {
        return false;
      }
    }).length;

describe('the cast of a scenario in one process', { timeout: 120_000 }, () => {
  it('parley run --one-process starts one process for six members, and brings the scenario to its ending', async () => {
    const run = parley([
      'run',
      'scenarios/panel.yaml',
      '--one-process',
      '--keep',
      '--port',
      '0',
      '--turns',
      '10',
    ]);
    await run.when('the ending', ({ stdout }) => /^Ended: /m.test(stdout) || undefined, 60_000);
    // The other one is the router.
    expect(childrenOf(run.pid)).toBe(2);
    await run.kill('SIGINT');
  });

  it('parley agents runs a cast with its personas for a router, and the scenario is played with these agents', async () => {
    const router = await RunningRouter.start();
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'trio.yaml'),
      'topic: bread\npolicy: round-robin\ncast:\n  ann: You bake.\n  小明: You buy.\n  cy: { replicas: 2, temperature: 0.5 }\n',
    );
    const agents = parley(['agents', join(folder, 'trio.yaml'), '--url', router.http]);
    const registered = () => agents.log.filter(({ msg }) => msg === 'registered').map(({ agent }) => agent);
    await agents.when('four registrations', () => (registered().length === 4 ? true : undefined), 60_000);
    expect(registered().toSorted()).toEqual(['ann', 'cy', 'cy', '小明']);
    expect(childrenOf(agents.pid)).toBe(2);
    const text = await answerOf(
      ...['run', join(folder, 'trio.yaml'), '--url', router.url, '--no-agents', '--turns', '6'],
    );
    expect(text).toMatch(/^Ended: max-turns/m);
    expect(await agents.kill('SIGTERM')).toEqual({ code: 143, signal: null });
  });

  it('the service panel of docker-compose.yml is ten agents of one process that speak in turn and end', async () => {
    const { services } = parse(readFileSync(join(repository, 'docker-compose.yml'), 'utf8'), { merge: true });
    const environment: Record<string, string> = services.panel.environment;
    // What Compose would take from the environment stays at its default here.
    const own = Object.entries(environment).filter(
      ([name]) => /^AGENT_/.test(name) && name !== 'AGENT_HEALTH_PORT',
    );
    const env = own.map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]);
    const router = await RunningRouter.start();
    startAgent([], {
      ...Object.fromEntries(env),
      ROUTER_URL: router.url,
      AGENT_REHEARSAL_DELAY_MS: '1',
      AGENT_MAX_TURNS: '12',
      AGENT_MODEL_KIND: 'rehearsal',
    });
    const { id, members } = await router.ended('chair', 60_000);
    const names = environment.AGENT_NAMES!.split(',').map((name) => name.trim());
    expect(members).toEqual(names);
    expect(names).toHaveLength(10);
    const said = (await router.entries(id)).flatMap((entry) => (entry.type === 'said' ? [entry.from] : []));
    expect(said).toEqual([...names, ...names].slice(0, 12));
  });

  it('the agents of parley agents end with it, also when it is killed without warning', async () => {
    const router = await RunningRouter.start();
    const agents = parley(['agents', 'scenarios/panel.yaml', '--url', router.http]);
    const connected = async () => (await router.get<{ agents: unknown[] }>('/v1/agents')).agents.length;
    await until('six agents are connected', async () => (await connected()) === 6, 60_000);
    await agents.kill('SIGKILL');
    await until('no agent is connected', async () => (await connected()) === 0, 60_000);
  });
});
