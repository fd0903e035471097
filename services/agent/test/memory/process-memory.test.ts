import { describe, expect, it } from 'vitest';
import { fakeRouter } from '../link/fake-router.ts';
import { agent, welcomed } from '../started-agent.ts';
import { openedEntry, saidEntry } from '../turn-contexts.ts';

const turns = 500;
/** As long as a message may be: 500 of them and the program are more than the heap. */
const message = 'I think that it is so, and otherwise not. '.repeat(760);

describe('the memory of an agent process', () => {
  it('an agent process stays within a heap of 20 MiB while it receives 16 MB of messages', async () => {
    const router = await fakeRouter();
    const { exit, output } = agent({
      ROUTER_URL: router.url,
      AGENT_NAME: 'alice',
      AGENT_MODEL_KIND: 'rehearsal',
      NODE_OPTIONS: '--max-old-space-size=20',
    });
    const peer = await welcomed(router);
    const ended = exit.then((code) => {
      throw new Error(`the agent ended with ${code}: ${output.err.slice(-2_000)}`);
    });
    for (let turn = 1; turn <= turns; turn++) {
      const entries = turn === 1 ? [openedEntry()] : [saidEntry(turn, 'bob', `${turn}: ${message}`)];
      const said = new Promise((resolve) => peer.socket.once('message', resolve));
      peer.send({
        type: 'turn',
        conversation: 'c1',
        turn,
        attempt: 1,
        deadlineMs: 60_000,
        remaining: {},
        entries,
      });
      await Promise.race([said, ended]);
      peer.send({ type: 'accepted', conversation: 'c1', turn, seq: turn + 1 });
    }
    const answered = new Set(peer.frames.flatMap((frame) => (frame.type === 'say' ? [frame.turn] : [])));
    expect(answered.size).toBeGreaterThan(turns * 0.9);
  }, 240_000);
});
