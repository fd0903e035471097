import { describe, expect, it } from 'vitest';
import { limits } from '../core/talk.ts';
import { bounded, Plain } from '../plain-client.ts';
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

describe('what waits after a restart', () => {
  it('messages of a conversation that the client gets in a digest do not wait, also when a message of another conversation does', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann', { capacity: 2 });
    for (const id of ['c1', 'c2']) {
      await bench.open(id, { members: ['ann', 'pat', 'bob'], policy: 'open' });
      await bench.answer(ann);
    }
    await pat.confirm();
    const say = (id: string, text: string, more: object = {}) =>
      bench.submit(id, { type: 'say', from: 'ann', text, ...more });
    pat.connection.isSilent = true;
    await say('c1', 'Here, @pat?');
    await say('c1', 'Still there, @pat?');
    await say('c2', 'And here, pat?', { target: 'pat' });
    restarted(bench);
    const waiting = bench.router.mailboxes.get('pat')?.messages ?? [];
    expect(waiting.map(({ conversation }) => conversation)).toEqual(['c2']);
  });

  it('messages of conversations whose members speak in turn do not wait: they come with the turn', async () => {
    const bench = new RouterBench();
    const pat = new Plain(bench, 'pat');
    const ann = bench.connect('ann');
    await bench.open('c1', { members: ['ann', 'bob', 'pat'], policy: 'round-robin' });
    expect(pat.connection.isOpen).toBe(true);
    await bench.submit('c1', { type: 'say', from: 'ann', text: 'Hi.', target: 'pat', turn: 1, attempt: 1 });
    expect(bench.types('c1')).toEqual(['opened', 'said']);
    await bench.drop(ann);
    restarted(bench);
    expect(bench.router.mailboxes.waiting).toBe(0);
  });

  it('messages that expired before the restart do not wait, and those that are as old as allowed do', async () => {
    const bench = bounded({});
    const ann = new Plain(bench, 'ann');
    await ann.send('bob', 'old');
    bench.now += 1;
    await ann.send('bob', 'new');
    bench.now += 60_000;
    bench.restart();
    expect(bench.router.mailboxes.get('bob')?.messages.map(({ at }) => bench.now - at)).toEqual([60_000]);
  });
});
