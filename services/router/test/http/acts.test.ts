import { describe, expect, it } from 'vitest';
import { until } from '../../../../tests/harness/poll.ts';
import { dialAgent, dialPlain, type Frame, serveRouter } from '../socket/served-router.ts';
import { entriesOf, Operator, takeTurn } from './operator.ts';

const trio = { members: ['ann', 'bob', 'cid'], policy: 'round-robin' };
const start = async (...names: string[]) => {
  const served = await serveRouter();
  const agents = await Promise.all(names.map((name) => dialAgent(served.port, name)));
  return { served, operator: new Operator(served), agents };
};
type Agents = Awaited<ReturnType<typeof start>>['agents'];

describe('pause, resume and step', () => {
  it('pause lets no member speak, resume lets all speak, and step lets as many messages through as were asked for', async () => {
    const { operator, agents } = await start('ann', 'bob', 'cid');
    const [ann, bob, cid] = agents as [Agents[0], Agents[0], Agents[0]];
    const id = await operator.open({ ...trio, first: 'ann' });
    await takeTurn(ann, 'one');
    const { body } = await operator.act(id, 'pause');
    expect(body).toEqual({ conversation: id, seq: 3 });
    expect((await operator.see(id)).conversation).toMatchObject({ status: 'paused' });
    // Bob had been granted his turn before the pause, and takes it.
    await takeTurn(bob, 'two');
    expect((await operator.see(id)).conversation).toMatchObject({ waiting: { cid: 'paused' } });
    await operator.act(id, 'step', { lines: 2 });
    await takeTurn(cid, 'three');
    await takeTurn(ann, 'four');
    expect(await operator.last(id)).toMatchObject({ type: 'paused', by: 'operator' });
    await operator.act(id, 'step');
    await operator.act(id, 'resume');
    for (const [agent, text] of [
      [bob, 'five'],
      [cid, 'six'],
      [ann, 'seven'],
    ] as const)
      await takeTurn(agent, text);
    expect((await operator.see(id)).conversation).toMatchObject({ status: 'running', turns: 7 });
  });

  it('a step of one message is one message, also when several members owe a reply', async () => {
    const { operator, agents } = await start('ann', 'bob', 'cid');
    const [, bob, cid] = agents as [Agents[0], Agents[0], Agents[0]];
    const id = await operator.open({ members: ['ann', 'bob', 'cid'], policy: 'open', first: 'ann' });
    await operator.act(id, 'pause');
    await operator.act(id, 'say', { text: '@bob @cid what now?' });
    await operator.act(id, 'step', { lines: 1 });
    const [ann] = agents as [Agents[0]];
    await takeTurn(ann, 'I was asked first');
    expect((await operator.see(id)).conversation).toMatchObject({
      status: 'paused',
      floor: ['bob', 'cid'],
      waiting: { bob: 'paused', cid: 'paused' },
    });
    await operator.act(id, 'resume');
    await takeTurn(bob, 'this');
    await takeTurn(cid, 'that');
  });
});

describe('an operator', () => {
  it('an operator says a message without being a member, and the members continue their conversation', async () => {
    const { operator, agents } = await start('ann', 'bob');
    const [ann, bob] = agents as [Agents[0], Agents[0]];
    const id = await operator.open({ members: ['ann', 'bob', 'cid'], first: 'cid' });
    await operator.act(id, 'say', { text: 'Bob, what do you think?', target: 'bob' });
    const frame = await takeTurn(bob, 'I think so');
    expect(entriesOf(frame).at(-1)).toMatchObject({ type: 'said', from: 'operator', target: 'bob' });
    expect(await operator.last(id)).toMatchObject({ from: 'bob', target: 'cid' });
    expect((await operator.see(id)).conversation.members).toEqual(['ann', 'bob', 'cid']);
    await operator.act(id, 'say', { text: 'And Ann?', target: 'ann', to: ['ann'] });
    await takeTurn(ann, 'no', { target: 'bob' });
    const { entries } = await takeTurn(bob, 'well');
    expect(JSON.stringify(entries)).not.toContain('And Ann?');
  });

  it('an operator whispers to one member, and no other member sees it', async () => {
    const { operator, agents } = await start('ann', 'bob', 'cid');
    const [ann, bob, cid] = agents as [Agents[0], Agents[0], Agents[0]];
    const id = await operator.open({ ...trio, first: 'ann' });
    await operator.act(id, 'whisper', { to: ['bob'], text: 'the secret' });
    const frames = [await takeTurn(ann, 'one'), await takeTurn(bob, 'two'), await takeTurn(cid, 'three')];
    expect(frames.map(({ entries }) => JSON.stringify(entries).includes('the secret'))).toEqual([
      false,
      true,
      false,
    ]);
    for (const agent of [ann, bob]) agent.send({ type: 'history', conversation: id });
    const heard = async (agent: typeof ann) => {
      const types: string[] = [];
      do types.push(((await agent.nextOf('entry')).entry as { type: string }).type);
      while (types.filter((type) => type === 'said').length < 3);
      return types;
    };
    expect(await heard(ann)).not.toContain('noted');
    expect(await heard(bob)).toContain('noted');
    expect((await operator.act(id, 'whisper', { to: ['eve'], text: 'x' })).body.error?.code).toBe(
      'not-a-member',
    );
  });

  it('an operator takes a seat, and the agent is granted no turn until the seat is given back', async () => {
    const { operator, agents } = await start('ann', 'bob', 'cid');
    const [ann, bob, cid] = agents as [Agents[0], Agents[0], Agents[0]];
    const id = await operator.open({ ...trio, first: 'ann' });
    const granted = await ann.nextOf('turn');
    expect((await operator.act(id, 'say', { as: 'ann', text: 'x' })).body.error?.code).toBe('not-your-turn');
    await operator.act(id, 'seat', { who: 'ann' });
    expect((await operator.see(id)).conversation).toMatchObject({
      seats: { ann: 'operator' },
      waiting: { ann: 'seat' },
    });
    ann.send({ type: 'say', conversation: id, turn: granted.turn, text: 'the program' });
    expect(await ann.nextOf('refused')).toMatchObject({ code: 'not-your-turn' });
    await operator.act(id, 'say', { as: 'ann', text: 'the person' });
    await takeTurn(bob, 'two');
    await takeTurn(cid, 'three');
    await operator.act(id, 'unseat', { who: 'ann' });
    const next = await takeTurn(ann, 'the program again');
    expect(entriesOf(next).map(({ type }) => type)).toEqual([
      ...['seated', 'said', 'said', 'said', 'unseated'],
    ]);
    const lines = (await operator.said(id)).map(({ from, text }) => `${from}: ${text}`);
    expect(lines).toEqual(['ann: the person', 'bob: two', 'cid: three', 'ann: the program again']);
    expect((await operator.entries(id)).some(({ type }) => type === 'lapsed')).toBe(false);
  });

  it('an operator in a seat speaks instead of bidding', async () => {
    const { operator, agents } = await start('ann', 'bob');
    const [ann, bob] = agents as [Agents[0], Agents[0]];
    const id = await operator.open({ members: ['ann', 'bob', 'cid'], policy: 'volunteer', first: 'ann' });
    await operator.act(id, 'seat', { who: 'cid' });
    await takeTurn(ann, 'who wants to speak?');
    expect(await bob.nextOf('turn')).toMatchObject({ wanted: 'bid' });
    expect((await operator.act(id, 'say', { as: 'cid', text: 'I do' })).status).toBe(200);
    expect((await operator.see(id)).conversation.floor).toEqual(['ann', 'bob']);
  });

  it('an operator gives an agent another persona and model, which only that agent sees from its next turn on', async () => {
    const { operator, agents } = await start('ann', 'bob', 'cid');
    const [ann, bob, cid] = agents as [Agents[0], Agents[0], Agents[0]];
    const id = await operator.open({ ...trio, first: 'ann', cast: [{ name: 'bob', persona: 'shy' }] });
    await takeTurn(ann, 'one');
    await takeTurn(bob, 'two');
    const role = { name: 'bob', persona: 'a pirate', model: 'large' };
    expect((await operator.act(id, 'recast', { role })).status).toBe(200);
    const frames = [await takeTurn(cid, 'three'), await takeTurn(ann, 'four'), await takeTurn(bob, 'five')];
    expect(frames.map(({ entries }) => JSON.stringify(entries).includes('pirate'))).toEqual([
      ...[false, false, true],
    ]);
    expect(entriesOf(frames[2] as never)).toContainEqual(expect.objectContaining({ type: 'recast', role }));
    expect((await operator.act(id, 'recast', { role: { name: 'eve' } })).body.error?.code).toBe(
      'not-a-member',
    );
  });
});

describe('a fork', () => {
  it('a fork shares the messages before it and then differs, also a fork of a fork and of an ended conversation', async () => {
    const { operator, agents } = await start('ann', 'bob');
    const [ann, bob] = agents as [Agents[0], Agents[0]];
    const id = await operator.open({ members: ['ann', 'bob'], first: 'ann', limits: { maxTurns: 3 } });
    await takeTurn(ann, 'one');
    await takeTurn(bob, 'two');
    await takeTurn(ann, 'three');
    expect(await operator.last(id)).toMatchObject({ type: 'ended', reason: 'max-turns', seq: 5 });

    const branch = await operator.act(id, 'fork', {
      at: 3,
      cast: [{ name: 'ann', persona: 'another Ann' }],
      limits: { maxTurns: 9 },
    });
    const fork = branch.body.conversation;
    const frame = await takeTurn(ann, 'three, otherwise');
    expect(entriesOf(frame).map(({ type }) => type)).toEqual(['opened', 'said', 'said', 'forked']);
    expect(JSON.stringify(frame.entries)).toContain('another Ann');
    const shownToBob = await takeTurn(bob, 'four');
    expect(JSON.stringify(shownToBob.entries)).not.toContain('another Ann');

    const again = (await operator.act(fork, 'fork', { at: 2 })).body.conversation;
    await takeTurn(bob, 'two, otherwise');
    const late = (await operator.act(id, 'fork', { at: 5, limits: { maxTurns: 9 } })).body.conversation;
    await until('bob or ann has the floor', async () => (await operator.see(late)).conversation.seq === 6);
    const texts = async (one: string) => (await operator.said(one)).map(({ text }) => text);
    expect(await texts(id)).toEqual(['one', 'two', 'three']);
    expect(await texts(fork)).toEqual(['one', 'two', 'three, otherwise', 'four']);
    expect(await texts(again)).toEqual(['one', 'two, otherwise']);
    expect(await texts(late)).toEqual(['one', 'two', 'three']);
    expect((await operator.see(again)).conversation).toMatchObject({
      parent: { conversation: fork, seq: 2 },
      status: 'running',
      turns: 2,
    });
    expect((await operator.see(late)).conversation).toMatchObject({ floor: ['bob'], status: 'running' });
  });

  it('a fork in the middle of a round of bids asks for the bids again', async () => {
    const { operator, agents } = await start('ann', 'bob', 'cid');
    const [ann, bob, cid] = agents as [Agents[0], Agents[0], Agents[0]];
    const id = await operator.open({ members: ['ann', 'bob', 'cid'], policy: 'volunteer', first: 'ann' });
    await takeTurn(ann, 'who?');
    const { body } = await operator.act(id, 'fork', { at: 2 });
    const wanted = async (agent: typeof ann) => {
      let frame = await agent.nextOf('turn');
      agent.send({ type: 'bid', conversation: frame.conversation, turn: frame.turn, score: 1 });
      frame = await agent.nextOf('turn');
      return [frame.conversation, frame.wanted];
    };
    expect(await Promise.all([wanted(bob), wanted(cid)])).toContainEqual([body.conversation, 'bid']);
  });
});

describe('who joins late', () => {
  it.each([
    [true, ['opened', 'said', 'said', 'joined', 'said']],
    [false, ['opened', 'joined', 'said']],
  ])('a member that joins late with history %s is sent %j', async (history, types) => {
    const { served, operator, agents } = await start('ann', 'bob');
    const [ann, bob] = agents as [Agents[0], Agents[0]];
    const id = await operator.open({ members: ['ann', 'bob'], policy: 'round-robin', first: 'ann' });
    await takeTurn(ann, 'before');
    await takeTurn(bob, 'before, too');
    const cid = await dialAgent(served.port, 'cid');
    cid.send({ type: 'join', conversation: id, history });
    await cid.nextOf('accepted');
    await takeTurn(ann, 'after', {});
    await takeTurn(bob, 'after, too');
    const frame = await cid.nextOf('turn');
    expect(entriesOf(frame).map(({ type }) => type)).toEqual([...types, 'said']);
    cid.send({ type: 'history', conversation: id });
    const texts: string[] = [];
    while (texts.at(-1) !== 'after, too') {
      const { entry } = (await cid.nextOf('entry')) as unknown as { entry: { text?: string } };
      if (entry.text !== undefined) texts.push(entry.text);
    }
    expect(texts.includes('before')).toBe(history);
    cid.send({ type: 'leave', conversation: id });
    await cid.nextOf('accepted');
    expect((await operator.see(id)).conversation).toMatchObject({ members: ['ann', 'bob'], floor: ['ann'] });
    bob.send({ type: 'leave', conversation: id });
    await until('the ending', async () => (await operator.last(id))?.type === 'ended');
    expect(await operator.last(id)).toMatchObject({ reason: 'agent-left', by: 'bob' });
  });
});

describe('what only some may hear', () => {
  it('a private message reaches no other member by turns, by history or by delivery to plain clients', async () => {
    const { served, operator, agents } = await start('ann', 'bob', 'cid');
    const [ann, bob, cid] = agents as [Agents[0], Agents[0], Agents[0]];
    const dora = await dialPlain(served.port, 'dora');
    const id = await operator.open({
      members: ['ann', 'bob', 'cid', 'dora'],
      policy: 'round-robin',
      first: 'ann',
      hears: [{ from: 'bob', to: ['ann'] }],
    });
    const heard: string[] = [];
    /** What Cid is sent, up to a frame of this type. */
    const hear = async (ends: (frame: Frame) => boolean) => {
      for (;;) {
        const frame = await cid.next();
        expect(frame.type).not.toBe('chunk');
        const { text } = (frame.entry ?? {}) as { text?: string };
        if (text !== undefined) heard.push(text);
        if (ends(frame)) return frame;
      }
    };
    cid.send({ type: 'history', conversation: id, follow: true });
    await hear(({ type }) => type === 'entry');
    await takeTurn(ann, 'for cid alone', { to: ['cid'] });
    const toBob = await bob.nextOf('turn');
    bob.send({ type: 'chunk', conversation: id, turn: toBob.turn, text: 'for ann' });
    bob.send({ type: 'say', conversation: id, turn: toBob.turn, text: 'for ann by the rule' });
    const { turn } = await hear(({ type }) => type === 'turn');
    cid.send({ type: 'say', conversation: id, turn, text: 'for all' });
    expect(await dora.nextOf('message')).toMatchObject({ from: 'cid', text: 'for all' });
    dora.send({ target: 'ann', text: 'thanks' });
    const toAnn = await takeTurn(ann, 'the end');
    const shown = JSON.stringify(toAnn.entries);
    expect([shown.includes('for ann by the rule'), shown.includes('thanks')]).toEqual([true, true]);
    expect(JSON.stringify(toBob.entries)).not.toContain('for cid alone');
    await hear(() => heard.at(-1) === 'the end');
    expect(heard).toEqual(['for cid alone', 'for all', 'thanks', 'the end']);
    expect((await operator.said(id)).map(({ to }) => to)).toEqual([
      ['cid'],
      ['ann'],
      undefined,
      undefined,
      undefined,
    ]);
  });
});
