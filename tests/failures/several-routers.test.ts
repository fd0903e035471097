import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hasNats, type NatsServer, startNats } from '../harness/nats-servers.ts';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

const patienceMs = 120_000;

describe.skipIf(!hasNats)('processes of several routers on one stream', { timeout: 240_000 }, () => {
  let nats: NatsServer;
  beforeAll(async () => {
    nats = await startNats({ jetstream: 'sync_interval: always' });
  }, 60_000);
  afterAll(() => nats.remove());

  const startRouter = async (name: string): Promise<RunningRouter> => {
    const router = await RunningRouter.start({
      ROUTER_LEDGER: nats.url,
      ROUTER_NATS_MONITOR: nats.monitor,
      ROUTER_NATS_ROUTERS: 'several',
      ROUTER_NATS_LEASE_SECONDS: '3',
      ROUTER_NATS_PROJECTION: join(temporaryFolder(), `${name}.sqlite`),
    });
    onTestFinished(async () => {
      await router.process.kill('SIGKILL');
    });
    return router;
  };

  const joinAgent = (router: RunningRouter, args: readonly string[], turns: number) => {
    const agent = startAgent(args, {
      ROUTER_URL: router.url,
      AGENT_REHEARSAL_DELAY_MS: '20',
      AGENT_MAX_TURNS: String(turns),
    });
    onTestFinished(async () => {
      await agent.kill('SIGKILL');
    });
    return agent;
  };

  it('a conversation over two routers continues while one of them is suspended for longer than its lease and resumed, and after it is killed', async () => {
    const turns = 40;
    const [a, b] = [await startRouter('a'), await startRouter('b')];
    joinAgent(a, ['alice', 'bob', 'alice'], turns);
    joinAgent(b, ['bob', 'alice', 'alice'], turns);
    const { id } = await b.when('past turn 4', (view) => view.turns >= 4, patienceMs);
    // The other replica of alice, which takes over when the first one is out of reach.
    joinAgent(b, ['alice', 'bob', 'alice'], turns);

    a.process.signal('SIGSTOP');
    onTestFinished(() => a.process.signal('SIGCONT'));
    const { turns: before } = await b.when('any', () => true, patienceMs);
    await b.when('turns without the stopped router', (view) => view.turns >= before + 6, patienceMs);
    a.process.signal('SIGCONT');
    const woken = await a.when('the woken router goes on', (view) => view.turns >= before + 8, patienceMs);
    const shown = await a.entries(id);
    expect(woken.turns).toBeLessThanOrEqual(turns);

    await a.process.kill('SIGKILL');
    await b.ended('alice', patienceMs);
    const entries = await b.entries(id);
    expectWhole(entries, { turns, circle: ['alice', 'bob'] });
    expect(entries.slice(0, shown.length)).toEqual(shown);
    const c = await startRouter('c');
    expect(await c.entries(id)).toEqual(entries);
  });
});
