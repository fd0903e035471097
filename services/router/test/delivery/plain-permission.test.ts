import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/identity/identity.ts';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

const sending = (...send: string[]): Identity => ({
  role: 'agent',
  names: ['pat'],
  send,
  isValid: () => true,
});
const said = (bench: RouterBench) =>
  bench.entries('c1').flatMap((entry) => (entry.type === 'said' ? [entry.text] : []));

/** Pat, whose token allows writing to some names only, has a turn that an operator gave it. */
const asked = async (send: readonly string[], policy: 'mention' | 'open' = 'mention') => {
  const bench = new RouterBench();
  const pat = new Plain(bench, 'pat', {}, sending(...send));
  await bench.open('c1', { members: ['ann', 'pat', 'bob'], policy, limits: limits() });
  const say = { type: 'say', from: 'ops', target: 'pat', text: 'And you?' } as const;
  await bench.submit('c1', { ...say, as: 'operator' });
  const write = async (frame: object) => {
    pat.session.receive(JSON.stringify({ conversation: 'c1', ...frame }));
    await bench.settled();
  };
  return { bench, pat, write };
};

describe('a plain client whose token allows writing to some names', () => {
  it('a client with send patterns may answer its turn without naming a member, also when members hear it that it may not write to', async () => {
    const { bench, pat, write } = await asked(['ops']);
    await write({ text: 'Well.' });
    expect(pat.codes).toEqual([]);
    expect(said(bench)).toEqual(['And you?', 'Well.']);
  });

  it.each(['mention', 'open'] as const)(
    'under %s a client with send patterns gives no turn by an @name in an answer to an operator',
    async (policy) => {
      const { bench, pat, write } = await asked(['ops'], policy);
      await write({ target: 'ops', text: 'Ask @bob, please.' });
      expect(pat.codes).toEqual(['forbidden']);
      expect(said(bench)).toEqual(['And you?']);
      await write({ target: 'ops', text: 'Ask bob, please.' });
      expect(said(bench)).toEqual(['And you?', 'Ask bob, please.']);
    },
  );

  it('a client with send patterns cannot write to all by naming an operator while no turn may be given', async () => {
    const { bench, pat } = await asked(['ops']);
    // A new connection is granted no turn under a pause, so the message takes none.
    pat.leave();
    await bench.submit('c1', { type: 'pause', by: 'ops' });
    const again = new Plain(bench, 'pat', {}, sending('ops'));
    again.session.receive(JSON.stringify({ conversation: 'c1', target: 'ops', text: 'To all.' }));
    await bench.settled();
    expect(again.codes).toEqual(['forbidden']);
    expect(said(bench)).toEqual(['And you?']);
  });
});
