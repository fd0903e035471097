import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, startAgent, temporaryFolder } from './harness/parley.ts';
import { seeded } from './harness/seeded.ts';
import { killAll } from './harness/started-process.ts';
import { expectWhole } from './harness/whole-conversation.ts';

afterEach(killAll);

const turns = 40;
const replyMs = 25;

describe('an agent that is killed without warning', () => {
  it('finds its conversation of 40 turns again, ten times out of ten', { timeout: 240_000 }, async () => {
    const random = seeded('kill-agent');
    const router = await RunningRouter.start({ ROUTER_LEDGER: `${temporaryFolder()}/ledger.sqlite` });

    const converse = async (opener: string, other: string): Promise<void> => {
      const env = {
        ROUTER_URL: router.url,
        AGENT_REHEARSAL_DELAY_MS: String(replyMs),
        AGENT_MAX_TURNS: String(turns),
      };
      const start = {
        [opener]: () => startAgent([opener, other, opener], env),
        [other]: () => startAgent([other, opener, opener], env),
      };
      const agents = new Map(Object.entries(start).map(([name, run]) => [name, run()]));
      const turn = 1 + Math.floor(random() * (turns - 5));
      await router.when(`of ${opener} past turn ${turn}`, (view) => view.by === opener && view.turns >= turn);
      await delay(random() * replyMs);
      // Both in turn: the one that opened the conversation, and the one that was asked.
      const victim = random() < 0.5 ? opener : other;
      await agents.get(victim)!.kill('SIGKILL');
      agents.set(victim, start[victim]!());

      const { id } = await router.ended(opener, 60_000);
      expectWhole(await router.entries(id), { turns, circle: [opener, other] });
      await Promise.all([...agents.values()].map((agent) => agent.kill()));
    };

    // Two conversations at a time: they have nothing to do with each other.
    for (let pair = 0; pair < 10; pair += 2) {
      await Promise.all([pair, pair + 1].map((one) => converse(`opener-${one}`, `other-${one}`)));
    }
    expect(await router.conversations()).toHaveLength(10);
  });
});
