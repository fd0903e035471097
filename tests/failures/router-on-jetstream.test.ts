import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hasNats, type NatsServer, startNats } from '../harness/nats-servers.ts';
import { RunningRouter, spawnRouterCommand, startAgent, temporaryFolder } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

const turns = 30;

describe.skipIf(!hasNats)('a conversation whose ledger is a stream of NATS', { timeout: 180_000 }, () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats({ jetstream: 'sync_interval: always' });
  }, 60_000);
  afterAll(() => nats.remove());
  afterEach(killAll);

  it('a conversation on a stream of NATS continues when its router is killed and another one with an empty disk takes over, and can be copied to a file', async () => {
    const folder = temporaryFolder();
    const env = {
      ROUTER_LEDGER: nats.url,
      ROUTER_NATS_MONITOR: nats.monitor,
      ROUTER_NATS_LEASE_SECONDS: '3',
      ROUTER_NATS_PROJECTION: join(folder, 'first.sqlite'),
    };
    const first = await RunningRouter.start(env);
    const agent = {
      ROUTER_URL: first.url,
      AGENT_REHEARSAL_DELAY_MS: '10',
      AGENT_MAX_TURNS: String(turns),
    };
    startAgent(['alice', 'bob', 'alice'], agent);
    startAgent(['bob', 'alice', 'alice'], agent);
    const { id } = await first.when('past turn 8', (view) => view.turns >= 8);
    const shown = await first.entries(id);
    await first.process.kill('SIGKILL');

    const second = await RunningRouter.start({
      ...env,
      ROUTER_PORT: first.port,
      ROUTER_NATS_PROJECTION: join(folder, 'second.sqlite'),
    });
    await second.ended('alice', 120_000);
    const entries = await second.entries(id);
    expectWhole(entries, { turns, circle: ['alice', 'bob'] });
    expect(entries.slice(0, shown.length)).toEqual(shown);
    await second.process.kill('SIGTERM');

    const file = join(folder, 'copy.sqlite');
    const copy = spawnRouterCommand(['copy', nats.url, file], env);
    expect(await copy.exited).toMatchObject({ code: 0 });
    expect(copy.stdout).toMatch(new RegExp(`1 conversations, ${entries.length} entries, the same as in`));
    const checked = spawnRouterCommand(['verify', file]);
    expect(await checked.exited).toMatchObject({ code: 0 });
  });
});
