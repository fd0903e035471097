import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { seeded } from '../harness/seeded.ts';
import { killAll } from '../harness/started-process.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

afterEach(killAll);

const turns = 40;
const replyMs = 25;

describe('a router that is killed without warning', () => {
  it('a router that is killed continues a conversation of 40 turns where it was, ten times out of ten', {
    timeout: 240_000,
  }, async () => {
    const random = seeded('kill-router');

    // A turn somewhere in the conversation, and a moment somewhere in that turn.
    const moments = Array.from({ length: 10 }, () => ({
      turn: 1 + Math.floor(random() * (turns - 5)),
      afterMs: random() * replyMs,
    }));

    const converse = async ({ turn, afterMs }: (typeof moments)[number]): Promise<void> => {
      const router = await RunningRouter.start({ ROUTER_LEDGER: `${temporaryFolder()}/ledger.sqlite` });
      const env = {
        ROUTER_URL: router.url,
        AGENT_REHEARSAL_DELAY_MS: String(replyMs),
        AGENT_MAX_TURNS: String(turns),
      };
      const agents = [startAgent(['alice', 'bob', 'alice'], env), startAgent(['bob', 'alice', 'alice'], env)];

      const { id } = await router.when(`past turn ${turn}`, (view) => view.turns >= turn);
      const shown = await router.entries(id);
      await delay(afterMs);
      await router.crashAndRestart();

      await router.ended('alice', 60_000);
      const entries = await router.entries(id);
      expectWhole(entries, { turns, circle: ['alice', 'bob'] });
      // Entries that were shown have not changed.
      expect(entries.slice(0, shown.length)).toEqual(shown);
      expect(await router.conversations()).toHaveLength(1);
      await Promise.all([router.process, ...agents].map((one) => one.kill()));
    };

    // Two at a time: each has a router of its own.
    for (let next = 0; next < 10; next += 2) await Promise.all(moments.slice(next, next + 2).map(converse));
  });
});
