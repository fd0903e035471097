import type { ModelCall } from '@parley/protocol';
import { describe, expect, it } from 'vitest';
import { Presence } from '../../src/presence/presence.ts';
import { PromptRequests, promptWaitMs } from '../../src/presence/prompt-requests.ts';
import { FakeConnection, type FakeReplica } from '../router-harness.ts';

const calls: readonly ModelCall[] = [
  { purpose: 'message', attempt: 1, at: 1, model: 'm', parameters: [], messages: [] },
];
const place = { conversation: 'c1', turn: 3 };

const start = () => {
  let now = 0;
  const presence = new Presence({ duplicates: 'replicas', now: () => 0 });
  const requests = new PromptRequests({ presence, now: () => now });
  presence.follow((change) => requests.onPresence(change));
  const join = (prompts: boolean | undefined): FakeReplica => {
    const replica = { name: 'ann', connection: new FakeConnection(), capacity: 1, model: undefined, prompts };
    presence.joinAgent(replica);
    return replica;
  };
  const askedOf = ({ connection }: FakeReplica) =>
    connection.frames.flatMap((frame) => (frame.type === 'prompt' ? [frame] : []));
  const answer = (replica: FakeReplica, found: readonly ModelCall[]) => {
    const ref = askedOf(replica).at(-1)?.ref ?? '';
    requests.answered(replica, ref, found);
  };
  const pass = (ms: number) => {
    now += ms;
    requests.tick();
  };
  return { presence, requests, join, askedOf, answer, pass };
};

describe('A request for the prompt of a turn', () => {
  it('a request for a prompt is answered at once when no replica can have it: the agent is disconnected or keeps no prompts', async () => {
    const { requests, join } = start();
    expect(await requests.ask('ann', place)).toEqual({ kind: 'away' });
    join(undefined);
    join(false);
    expect(await requests.ask('ann', place)).toEqual({ kind: 'not-kept' });
  });

  it('a request for a prompt asks all replicas that keep prompts, and takes the first answer with calls', async () => {
    const { requests, join, askedOf, answer } = start();
    const [first, second, other] = [join(true), join(true), join(false)];
    const asked = requests.ask('ann', place);
    expect(askedOf(first)).toEqual([{ type: 'prompt', ref: askedOf(second)[0]?.ref, ...place }]);
    expect(askedOf(other)).toEqual([]);
    answer(first, []);
    answer(second, calls);
    expect(await asked).toEqual({ kind: 'calls', calls });
  });

  it('a request for a prompt is answered when every replica has answered that it has none, or has disconnected', async () => {
    const { presence, requests, join, answer } = start();
    const [first, second] = [join(true), join(true)];
    const asked = requests.ask('ann', place);
    answer(first, []);
    presence.leaveAgent(second);
    expect(await asked).toEqual({ kind: 'forgotten' });
  });

  it('a request for a prompt ends after its time, and a later answer or one of another replica is dropped', async () => {
    const { requests, join, askedOf, pass } = start();
    const first = join(true);
    const late = requests.ask('ann', place);
    const ref = askedOf(first)[0]?.ref ?? '';
    requests.answered(join(true), ref, calls);
    pass(promptWaitMs - 1);
    requests.answered(first, 'another ref', calls);
    pass(1);
    expect(await late).toEqual({ kind: 'late' });
    requests.answered(first, ref, calls);
  });

  it('a request for a prompt is refused while 64 others wait, and accepted again when one of them has ended', async () => {
    const { requests, join, answer } = start();
    const replica = join(true);
    for (let i = 0; i < 64; i++) void requests.ask('ann', place);
    expect(await requests.ask('ann', place)).toEqual({ kind: 'busy' });
    answer(replica, calls);
    const next = requests.ask('ann', place);
    answer(replica, calls);
    expect(await next).toEqual({ kind: 'calls', calls });
  });
});
