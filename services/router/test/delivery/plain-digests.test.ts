import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

const texts = (client: Plain) => client.connection.texts;
const both = '[ann] line 1\n[bob] line 2';

/** Ann and bob, agents, have spoken; pat, a plain client, has the floor. */
const spoken = async (
  some: Parameters<typeof limits>[0] = {},
  policy: 'round-robin' | 'mention' = 'round-robin',
) => {
  const bench = new RouterBench();
  const pat = new Plain(bench, 'pat', { ack: true });
  const [ann, bob] = [bench.connect('ann'), bench.connect('bob')];
  await bench.open('c1', { members: ['ann', 'bob', 'pat'], policy, limits: limits(some) });
  const answers = async () => {
    for (const agent of [ann, bob]) await bench.answer(agent);
  };
  await answers();
  return { bench, pat, ann, bob, answers };
};

describe('what a plain client has not heard, where members speak in turn', () => {
  it('all unheard messages are sent again to a client whose connection broke', async () => {
    const { bench, pat } = await spoken();
    expect(texts(pat)).toEqual([both]);
    pat.leave({ orderly: false });
    const again = new Plain(bench, 'pat');
    expect(texts(again)).toEqual([both]);
    await again.send('ann', 'Here.');
    expect(bench.types('c1').at(-1)).toBe('said');
    expect(again.codes).toEqual([]);
  });

  it('a digest that is sent again lets no member speak for another either', async () => {
    const { bench, pat, ann, bob } = await spoken();
    await pat.send('ann', 'Go on.');
    await bench.answer(ann);
    const { turn = 0, attempt } = bench.turns(bob).at(-1) ?? {};
    await bench.submit('c1', { type: 'say', from: 'bob', turn, attempt, text: 'Yes.\n[ann] I agree.' });
    pat.leave({ orderly: false });
    const sent = texts(new Plain(bench, 'pat'));
    expect(sent).toEqual(['[ann] line 4\n[bob] Yes.\n  (ann) I agree.']);
  });

  it('a client that answered in the meantime is not sent the same digest again', async () => {
    const { bench, pat } = await spoken();
    await pat.send('ann', 'Here.');
    pat.leave({ orderly: false });
    expect(texts(new Plain(bench, 'pat'))).toEqual([]);
  });

  it('a digest that is sent again has the messages that came later, and they are not sent behind it', async () => {
    const bench = new RouterBench();
    const quin = new Plain(bench, 'quin');
    const says = async (text: string) => {
      quin.session.receive(JSON.stringify({ conversation: 'c1', target: 'pat', text }));
      await bench.settled();
    };
    bench.connect('ann');
    const pat = new Plain(bench, 'pat');
    await bench.open('c1', { by: 'ann', members: ['ann', 'pat', 'quin'], policy: 'addressed' });
    await says('One.');
    pat.leave();
    const second = new Plain(bench, 'pat');
    await bench.pass(1_000);
    expect(texts(second)).toEqual(['One.']);
    second.leave({ orderly: false });
    await says('Two.');
    await says('Three.');
    expect(texts(new Plain(bench, 'pat'))).toEqual(['[quin] One.\n[quin] Two.\n[quin] Three.']);
  });

  it('the messages that end a conversation are sent to a connected client, before the ending', async () => {
    const { bench, pat, answers } = await spoken({ maxTurns: 5 });
    await pat.send('ann', 'Go on.');
    await answers();
    expect(bench.types('c1').at(-1)).toBe('ended');
    expect(texts(pat)).toEqual([both, '[ann] line 4\n[bob] line 5']);
    expect(pat.connection.frames.at(-1)).toMatchObject({ type: 'ended', reason: 'max-turns' });
  });

  it('a client that has the floor when the conversation ends is not sent the same messages again', async () => {
    const { bench, pat } = await spoken();
    await bench.submit('c1', { type: 'say', from: 'ops', text: 'We close.', as: 'operator' });
    await bench.submit('c1', { type: 'end', by: 'ops' });
    expect(texts(pat)).toEqual([both, 'We close.']);
  });

  it('a client that left is sent nothing that was said after it left', async () => {
    const { bench, pat, ann } = await spoken({ maxTurns: 3 });
    pat.session.receive(JSON.stringify({ type: 'leave', conversation: 'c1' }));
    await bench.settled();
    const before = texts(pat);
    await bench.answer(ann);
    expect(bench.types('c1').at(-1)).toBe('ended');
    expect(texts(pat)).toEqual(before);
  });
});

describe('a plain client that a text names with @ while it is not connected', () => {
  it.each(['mention', 'open'] as const)(
    'under %s the client is given its turn with the text as soon as it connects',
    async (policy) => {
      const bench = new RouterBench();
      const ann = bench.connect('ann');
      await bench.open('c1', { members: ['ann', 'pat', 'bob'], policy, limits: limits({ maxAttempts: 1 }) });
      const { turn = 0 } = bench.turns(ann)[0] ?? {};
      await bench.submit('c1', {
        type: 'say',
        from: 'ann',
        turn,
        attempt: 1,
        text: 'What do you say, @pat?',
      });
      const pat = new Plain(bench, 'pat');
      expect(texts(pat)).toEqual(['What do you say, @pat?']);
      await pat.send('ann', 'Tea.');
      expect(bench.entries('c1').at(-1)).toMatchObject({ type: 'said', from: 'pat', turn: 2 });
    },
  );
});

describe('a plain client that has a turn and is named with @ again', () => {
  const owing = async (paceMs = 0) => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'pat', 'bob'], policy: 'open', limits: limits({ paceMs }) });
    await bench.pass(paceMs);
    await bench.answer(ann);
    const name = (from: string, text: string, more: object = {}) =>
      bench.submit('c1', { type: 'say', from, text, ...more });
    return { bench, pat, name };
  };

  const first = '[ann] line 1\n[ann] First, @pat?';

  it('a client that owes a reply is sent a later text that names it, once', async () => {
    const { pat, name } = await owing();
    await name('ann', 'First, @pat?');
    await name('bob', 'And this, @pat?');
    expect(texts(pat)).toEqual([first, 'And this, @pat?']);
  });

  it('a client that answers no ping is sent a text that names it when it reads again', async () => {
    const { bench, pat, name } = await owing();
    await name('ann', 'First, @pat?');
    pat.connection.isSilent = true;
    await name('bob', 'And this, @pat?');
    expect(texts(pat)).toEqual([first]);
    pat.connection.isSilent = false;
    await bench.pass(900);
    await bench.pass(100);
    expect(texts(pat)).toContain('And this, @pat?');
  });

  it('a text that names the client and follows a held message is sent after that message', async () => {
    const { bench, pat, name } = await owing(4_000);
    await name('ann', 'First?', { target: 'pat' });
    await name('bob', 'And this, @pat?');
    expect(texts(pat)).toEqual([]);
    await bench.pass(4_000);
    expect(texts(pat)).toEqual(['First?', 'And this, @pat?']);
  });

  it('a private text that names the client is not sent to it when it may not hear it', async () => {
    const { pat, name } = await owing();
    await name('ann', 'First, @pat?');
    await name('bob', 'Do not tell @pat.', { to: ['ann'] });
    expect(texts(pat)).toEqual([first]);
  });
});

describe('a step of an operator', () => {
  it('the turn of a plain client whose seat an operator has taken uses no step', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const [ann, bob] = [bench.connect('ann'), bench.connect('bob')];
    await bench.open('c1', { members: ['ann', 'pat', 'bob'], policy: 'open' });
    const { turn = 0 } = bench.turns(ann)[0] ?? {};
    await bench.submit('c1', { type: 'say', from: 'ann', turn, attempt: 1, text: 'And you, @pat?' });
    expect(texts(pat)).toEqual(['And you, @pat?']);
    await bench.submit('c1', { type: 'seat', who: 'pat', by: 'ops' });
    await bench.submit('c1', { type: 'resume', by: 'ops', lines: 2 });
    await bench.submit('c1', { type: 'say', from: 'ops', target: 'bob', text: 'Bob?', as: 'operator' });
    expect(bench.turns(bob)).toHaveLength(1);
  });
});
