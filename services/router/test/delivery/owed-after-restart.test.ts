import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { Plain } from '../plain-client.ts';
import { RouterBench } from '../router-harness.ts';

const texts = (client: Plain) => client.connection.texts;
const usage = { inputTokens: 1, outputTokens: 1 };

/** The router starts again on its ledger, with what its watermarks were within the last second. */
const restarted = (bench: RouterBench): void => {
  bench.router.plainDelivery.save();
  bench.restart();
};

describe('a text that names a silent client with @ again, and a restart', () => {
  const named = async (first: object) => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'pat', 'bob'], policy: 'open' });
    await bench.answer(ann);
    const say = (from: string, text: string, more: object = {}) =>
      bench.submit('c1', { type: 'say', from, text, ...more });
    await say('ann', 'First, @pat?', first);
    await pat.confirm();
    expect(texts(pat).at(-1)).toContain('First, @pat?');
    return { bench, pat, say };
  };

  it.each([
    ['a message to it', { target: 'pat' }],
    ['its name with @', {}],
  ])(
    'a text that names a silent client is sent after a restart when the client had its turn by %s',
    async (_, first) => {
      const { bench, pat, say } = await named(first);
      pat.connection.isSilent = true;
      await say('bob', 'And this, @pat?');
      await say('bob', 'Also, @pat?');
      restarted(bench);
      const again = texts(new Plain(bench, 'pat')).join('\n');
      expect(again).toContain('And this, @pat?');
      expect(again.indexOf('Also, @pat?')).toBeGreaterThan(again.indexOf('And this, @pat?'));
      restarted(bench);
      expect(texts(new Plain(bench, 'pat')).join('\n')).toContain('And this, @pat?');
    },
  );

  it('a text that names a client is sent after a restart when the client has answered in the meantime and has not confirmed it', async () => {
    const { bench, pat, say } = await named({});
    await say('bob', 'And this, @pat?');
    pat.session.receive(JSON.stringify({ conversation: 'c1', target: 'ann', text: 'To the first: yes.' }));
    await bench.settled();
    restarted(bench);
    expect(texts(new Plain(bench, 'pat'))).toContain('And this, @pat?');
  });

  it('a text that names a client is not sent after a restart when the client has confirmed it', async () => {
    const { bench, pat, say } = await named({ target: 'pat' });
    await say('bob', 'And this, @pat?');
    await pat.confirm();
    restarted(bench);
    expect(texts(new Plain(bench, 'pat'))).toEqual([]);
  });

  it('a private text that names the client is not sent to it after the restart either', async () => {
    const { bench, pat, say } = await named({ target: 'pat' });
    pat.connection.isSilent = true;
    await say('bob', 'Do not tell @pat.', { to: ['ann'] });
    restarted(bench);
    expect(texts(new Plain(bench, 'pat'))).toEqual([]);
  });

  it('a text that names an agent waits in no mailbox after the restart', async () => {
    const { bench, say } = await named({ target: 'pat' });
    await say('bob', 'And you, @ann?');
    restarted(bench);
    expect(bench.router.mailboxes.get('ann')).toBeUndefined();
  });
});

describe('an answer that two clients have asked for, and a restart', () => {
  const asked = async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const cyd = new Plain(bench, 'cyd');
    const ann = bench.connect('ann');
    await bench.open('c1', {
      members: ['ann', 'pat', 'cyd'],
      policy: 'addressed',
      limits: limits({ turnDeadlineMs: 600_000 }),
    });
    await bench.answer(ann);
    const ask = async (client: Plain, text: string) => {
      client.session.receive(JSON.stringify({ conversation: 'c1', target: 'ann', text }));
      await bench.settled();
    };
    await ask(cyd, 'How much?');
    await ask(pat, 'How long?');
    await pat.confirm();
    await cyd.confirm();
    const answer = (replica = ann) => {
      const { turn = 0 } = bench.turns(replica).at(-1) ?? {};
      const attempt = bench.router.answers.match(replica, { conversation: 'c1', turn })?.attempt;
      const say = { type: 'say', from: 'ann', turn, attempt, usage } as const;
      return bench.submit('c1', { ...say, target: 'cyd', text: 'Ten, for a week.' });
    };
    return { bench, pat, cyd, answer };
  };

  it('the answer to another client is sent to a silent one that had asked, too, after the restart', async () => {
    const { bench, pat, cyd, answer } = await asked();
    pat.connection.isSilent = true;
    await answer();
    await cyd.confirm();
    expect(texts(cyd)).toContain('Ten, for a week.');
    restarted(bench);
    expect(texts(new Plain(bench, 'pat'))).toEqual(['Ten, for a week.']);
    expect(texts(new Plain(bench, 'cyd'))).toEqual([]);
  });

  it('an answer that comes after the restart is sent to each client that had asked before it', async () => {
    const { bench, answer } = await asked();
    restarted(bench);
    const [pat, cyd] = [new Plain(bench, 'pat'), new Plain(bench, 'cyd')];
    const ann = bench.connect('ann');
    await bench.settled();
    expect(await answer(ann)).toMatchObject({ kind: 'done' });
    expect(texts(cyd)).toContain('Ten, for a week.');
    expect(texts(pat)).toContain('Ten, for a week.');
  });

  it('an answer that the client has confirmed is not sent to it again', async () => {
    const { bench, pat, answer } = await asked();
    await answer();
    await pat.confirm();
    restarted(bench);
    expect(texts(new Plain(bench, 'pat'))).toEqual([]);
  });
});
