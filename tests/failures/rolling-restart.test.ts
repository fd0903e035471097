import { join } from 'node:path';
import type { Entry } from '@parley/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Balancer } from '../harness/balancer.ts';
import { hasNats, startNats } from '../harness/nats-servers.ts';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';

const patienceMs = 120_000;

/** Calls `act` again and again until it is stopped, one call after the other. When a call fails, `count` and `stop` throw its error. */
const again = (act: (count: number) => Promise<void>) => {
  let isOver = false;
  let count = 0;
  let failure: { readonly error: unknown } | undefined;
  const running = (async () => {
    while (!isOver) await act(++count);
  })();
  running.catch((error: unknown) => {
    failure = { error };
  });
  return {
    get count() {
      if (failure) throw failure.error;
      return count;
    },
    async stop(): Promise<number> {
      isOver = true;
      await running;
      return count;
    },
  };
};

const textsOf = (entries: readonly Entry[]): string[] =>
  entries.flatMap((entry) => (entry.type === 'said' ? [entry.text] : []));

describe.skipIf(!hasNats)('three routers behind a load balancer', { timeout: 300_000 }, () => {
  it('routers are replaced one by one: each request is answered with success, at the latest when it is repeated, each message stands in the ledger once, and no turn lapses', async () => {
    const nats = await startNats({ jetstream: 'sync_interval: always' });
    onTestFinished(() => nats.remove());
    const folder = temporaryFolder();
    const routers = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        RunningRouter.start(
          {
            ROUTER_LEDGER: nats.url,
            ROUTER_NATS_MONITOR: nats.monitor,
            ROUTER_NATS_ROUTERS: 'several',
            ROUTER_NATS_PROJECTION: join(folder, `${name}.sqlite`),
          },
          patienceMs,
        ),
      ),
    );
    onTestFinished(async () => {
      await Promise.all(routers.map((router) => router.process.kill('SIGKILL')));
    });
    const balancer = await Balancer.before(routers.map(({ port }) => port));
    onTestFinished(() => balancer.close());

    const failed: string[] = [];
    const request = async (path: string, init: RequestInit = {}): Promise<Response | undefined> => {
      const response = await fetch(balancer.http + path, {
        ...init,
        signal: AbortSignal.timeout(patienceMs),
      });
      // The connection of a request that changes something broke without an answer: it is repeated with its key.
      if (response.status === 502) return undefined;
      if (!response.ok) failed.push(`${path}: ${response.status} ${await response.clone().text()}`);
      return response;
    };
    const post = (path: string, body: unknown, key: string): Promise<Response> =>
      until(
        `an answer to ${key}`,
        () =>
          request(path, {
            method: 'POST',
            body: JSON.stringify(body),
            headers: { 'content-type': 'application/json', 'idempotency-key': key },
          }),
        patienceMs,
      );
    const open = async (members: readonly string[], key: string): Promise<string> => {
      const body = { members, policy: 'round-robin', limits: { maxTurns: 5_000, maxRepetition: 0 } };
      const opened = (await (await post('/v1/conversations', body, key)).json()) as { conversation: string };
      return opened.conversation;
    };

    const agents = startAgent([], {
      ...{ AGENT_NAMES: 'ann, bob', ROUTER_URL: balancer.url },
      AGENT_REHEARSAL_DELAY_MS: '50',
    });
    onTestFinished(async () => {
      await agents.kill('SIGKILL');
    });
    const talk = await open(['ann', 'bob'], 'the talk of agents');
    const notes = await open(['cid', 'dan'], 'the notes of an operator');
    const reader = again(async (count) => {
      const response = await request(count % 2 === 0 ? '/v1/conversations' : `/v1/conversations/${notes}`);
      if (!response) failed.push('a read was not answered');
      await response?.text();
    });
    const sender = again(async (count) => {
      const sent = await post(`/v1/conversations/${notes}/say`, { text: `Note ${count}.` }, `note ${count}`);
      await sent.text();
    });
    const turnsAt = async (router: RunningRouter) =>
      (await router.get<{ conversation: { turns: number } }>(`/v1/conversations/${talk}`)).conversation.turns;

    for (const [index, router] of routers.entries()) {
      const other = routers[(index + 1) % routers.length] as RunningRouter;
      const goesOn = async (what: string) => {
        const [turns, { count }] = [await turnsAt(other), sender];
        await until(
          `turns and messages ${what}`,
          async () => (await turnsAt(other)) >= turns + 2 && sender.count >= count + 2,
          patienceMs,
        );
      };
      await goesOn('before a router stops');
      await router.process.kill('SIGTERM');
      await goesOn('without it');
      await router.startAgain(patienceMs);
    }
    const [asked, sent] = [await reader.stop(), await sender.stop()];
    await (await post(`/v1/conversations/${talk}/end`, {}, 'the end of the talk')).text();

    expect(failed).toEqual([]);
    expect(asked).toBeGreaterThan(routers.length);
    const expected = Array.from({ length: sent }, (_, index) => `Note ${index + 1}.`);
    for (const router of routers) {
      const said = await until(
        'the end of the talk',
        async () => {
          const entries = await router.entries(talk);
          return entries.at(-1)?.type === 'ended' && entries;
        },
        patienceMs,
      );
      expect(said.map(({ seq }) => seq)).toEqual(said.map((_, index) => index + 1));
      const turns = said.flatMap((entry) => (entry.type === 'said' ? [entry.turn] : []));
      expect(turns).toEqual(turns.map((_, index) => index + 1));
      expect(said.filter(({ type }) => type === 'lapsed')).toEqual([]);
      expect(textsOf(await router.entries(notes))).toEqual(expected);
    }
  });
});
