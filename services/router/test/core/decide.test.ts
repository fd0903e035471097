import { describe, expect, it } from 'vitest';
import { limits, Talk } from './talk.ts';

describe('turns', () => {
  it('two members that address each other speak alternately', () => {
    const talk = new Talk();
    const speakers = [0, 1, 2, 3].map(() => {
      const [speaker] = talk.floor;
      talk.say();
      return speaker;
    });
    expect(speakers).toEqual(['ann', 'bob', 'ann', 'bob']);
  });

  it('three members that only name their targets speak in a ring', () => {
    const talk = new Talk();
    for (const target of ['bob', 'cid', 'ann', 'bob', 'cid']) talk.say('x', { target });
    expect(talk.entries.filter(({ type }) => type === 'joined')).toHaveLength(1);
    expect(talk.floor).toEqual(['cid']);
  });

  it('a turn is taken once: the same answer again is told the first entry, and another answer is stale', () => {
    const talk = new Talk();
    const answer = { type: 'say', from: 'ann', turn: 1, attempt: 1, text: 'hi' } as const;
    expect(talk.do(answer)).toMatchObject({ kind: 'append' });
    expect(talk.do(answer)).toEqual({ kind: 'repeat', seq: 2, turn: 1 });
    expect(talk.do({ ...answer, turn: 7 })).toMatchObject({ kind: 'refuse', code: 'stale-turn' });
    expect(talk.do({ ...answer, turn: 2 })).toMatchObject({ kind: 'refuse', code: 'not-your-turn' });
    expect(talk.entries).toHaveLength(2);
  });

  it('a member that was addressed again while it was answering owes another reply', () => {
    const talk = new Talk();
    talk.say('first');
    talk.do({ type: 'say', from: 'ann', text: 'and another thing', target: 'bob' });
    const turn = talk.state?.floor[0]?.number;
    talk.do({ type: 'say', from: 'bob', turn: turn as number, attempt: 1, text: 'to the first', seen: 2 });
    expect(talk.floor).toEqual(['bob', 'ann']);
  });

  it('a turn keeps its number while it lapses, and the conversation ends when the attempts are used up', () => {
    const talk = new Talk();
    for (const cause of ['gone', 'deadline'] as const) talk.do({ type: 'lapse', turn: 1, cause });
    expect(talk.state?.floor[0]).toMatchObject({ number: 1, attempts: 2 });
    talk.do({ type: 'lapse', turn: 1, cause: 'model-unauthorized', detail: '401' });
    expect(talk.last).toMatchObject({
      type: 'ended',
      reason: 'failed',
      detail: 'ann: model-unauthorized, 401',
    });
  });

  it('a turn is skipped or granted without end when onFailure says so', () => {
    const skip = new Talk({ limits: limits({ onFailure: 'skip', maxAttempts: 1 }) });
    skip.do({ type: 'lapse', turn: 1, cause: 'deadline' });
    expect(skip.last).toMatchObject({ type: 'passed', reason: 'timed-out', floor: ['bob'] });
    const retry = new Talk({ limits: limits({ onFailure: 'retry', maxAttempts: 1 }) });
    for (let i = 0; i < 10; i++) retry.do({ type: 'lapse', turn: 1, cause: 'model-unavailable' });
    expect(retry.state?.floor[0]).toMatchObject({ number: 1, attempts: 10 });
    expect(retry.state?.floor[0]?.notBefore).toBe(retry.now + 30_000);
  });

  it('a message of a member without the turn, without a target, or to itself is refused', () => {
    const talk = new Talk({ policy: 'round-robin' });
    const refusals = [
      { type: 'say', from: 'bob', text: 'me first' },
      { type: 'say', from: 'eve', text: 'let me in' },
      { type: 'say', from: 'ann', turn: 1, attempt: 1, text: 'x', target: 'ann' },
      { type: 'say', from: 'ann', turn: 1, attempt: 1, text: 'x', target: 'eve' },
    ].map((command) => talk.do(command as never));
    expect(refusals.map((one) => one.kind === 'refuse' && one.code)).toEqual([
      'not-your-turn',
      'not-a-member',
      'bad-target',
      'bad-target',
    ]);
  });
});

describe('an opening line', () => {
  it('an opening message is appended with the opening, for any first speaker', () => {
    const talk = new Talk({
      opening: 'Shall we begin?',
      members: ['ann', 'bob', 'cid'],
      policy: 'round-robin',
    });
    expect(talk.entries.map(({ type }) => type)).toEqual(['opened', 'said']);
    expect(talk.floor).toEqual(['bob']);
  });
});

describe('endings', () => {
  it.each([
    ['max-turns', { maxTurns: 2 }, ['one', 'two']],
    ['max-turns', { maxTurns: 5, maxRepetition: 0.8 }, Array(5).fill('one two three four five six')],
    ['stop-phrase', { stopPhrases: ['THE END'] }, ['he said the end is near', 'well\n*the end.*']],
    ['token-budget', { maxTokens: 20 }, ['a', 'b']],
    ['token-budget', { maxTokensPerAgent: 20 }, ['a', 'b', 'c']],
    ['cost-budget', { maxCost: 0.02 }, ['a', 'b']],
    ['farewell-loop', { farewells: true }, ['bye!', 'goodbye', 'take care', 'see you']],
    [
      'repetition',
      { maxRepetition: 0.8 },
      ['one two three four five six', ...Array(4).fill('one two three four five six')],
    ],
  ] as const)('the ending %s under %j comes after the last of %j and not earlier', (reason, some, lines) => {
    const talk = new Talk({ limits: limits(some as object) });
    for (const [index, text] of lines.entries()) {
      expect(talk.ending).toBeUndefined();
      talk.say(text, { usage: { inputTokens: 7, outputTokens: 3 }, cost: 0.01 });
      if (index < lines.length - 1) expect(talk.state?.status.state).toBe('running');
    }
    expect(talk.ending).toBe(reason);
    expect(talk.floor).toEqual([]);
  });

  it('the ending by a stop phrase needs a speaker whose phrases count, and the minimum number of turns', () => {
    const talk = new Talk({ limits: limits({ stopPhrases: ['stop'], stopSpeakers: ['bob'], minTurns: 3 }) });
    talk.say('stop');
    talk.say('stop');
    expect(talk.ending).toBeUndefined();
    talk.say('go on');
    talk.say('Stop.');
    expect(talk.ending).toBe('stop-phrase');
  });

  it('the ending by agreement needs all votes in a row, or the quorum, and the minimum number of turns', () => {
    const talk = new Talk();
    talk.say('x', { done: true });
    talk.say('wait');
    talk.say('x', { done: true });
    expect(talk.ending).toBeUndefined();
    talk.say('x', { done: true });
    expect(talk.ending).toBe('agreed');
    const one = new Talk({ limits: limits({ quorum: 1, minTurns: 2 }) });
    one.say('x', { done: true });
    expect(one.ending).toBeUndefined();
    one.say('x', { done: true });
    expect(one.ending).toBe('agreed');
    const never = new Talk({ limits: limits({ quorum: 0 }) });
    for (let i = 0; i < 6; i++) never.say('x', { done: true });
    expect(never.ending).toBeUndefined();
  });

  it('the ending by silence needs a pass of every member in a row', () => {
    const talk = new Talk();
    talk.do({ type: 'pass', from: 'ann', turn: 1, attempt: 1, reason: 'nothing-to-say' });
    expect(talk.floor).toEqual(['bob']);
    talk.do({ type: 'pass', from: 'bob', turn: 2, attempt: 1, reason: 'declined' });
    expect(talk.ending).toBe('agreed');
  });

  it('the ending by time does not count the time of a pause', () => {
    const talk = new Talk({ limits: limits({ maxDurationMs: 1_000 }) });
    talk.do({ type: 'pause', by: 'op' });
    talk.now += 5_000;
    talk.do({ type: 'tick' });
    talk.do({ type: 'resume', by: 'op' });
    talk.now += 999;
    talk.do({ type: 'tick' });
    expect(talk.ending).toBeUndefined();
    talk.now += 1;
    talk.do({ type: 'tick' });
    expect(talk.ending).toBe('max-duration');
  });

  it('the ending by a loop comes after one private nudge to the next speaker', () => {
    const talk = new Talk({ limits: limits({ farewells: true }) });
    for (const text of ['bye', 'bye bye']) talk.say(text);
    expect(talk.last).toMatchObject({ type: 'noted', to: ['ann'], kind: 'nudge', by: 'router' });
    talk.say('no wait, there is one more thing that we have to settle before we can go');
    expect(talk.state?.farewells).toBe(0);
  });

  it('the endings by absence, by leaving and by the operator name the member or the operator', () => {
    const absent = new Talk();
    absent.do({ type: 'absent', turn: 1 });
    expect(absent.last).toMatchObject({ type: 'ended', reason: 'absent', by: 'ann' });
    const left = new Talk();
    left.do({ type: 'leave', who: 'bob' });
    expect(left.last).toMatchObject({ type: 'ended', reason: 'agent-left', by: 'bob' });
    const ended = new Talk();
    ended.do({ type: 'end', by: 'op', detail: 'enough' });
    expect(ended.last).toMatchObject({ type: 'ended', reason: 'operator', by: 'op', detail: 'enough' });
    expect(ended.say('too late')).toMatchObject({ kind: 'refuse', code: 'conversation-ended' });
  });
});

describe('who joins', () => {
  const start = (admission?: 'open') => new Talk({ policy: 'open', ...(admission && { admission }) });

  it('a new member must be addressed by a member or invited by an operator', () => {
    const talk = start();
    expect(talk.do({ type: 'join', who: 'eve' })).toMatchObject({ code: 'forbidden' });
    expect(talk.do({ type: 'join', who: 'eve', as: 'operator', history: false }).kind).toBe('append');
    expect(talk.last).toMatchObject({ type: 'joined', who: 'eve', history: false });
    expect(talk.do({ type: 'say', from: 'ann', text: 'hello', target: 'dan' }).kind).toBe('append');
    expect(talk.state?.members).toEqual(['ann', 'bob', 'eve', 'dan']);
  });

  it('a join needs no invitation in an open conversation, or when the name is a member already', () => {
    const talk = start('open');
    expect(talk.do({ type: 'join', who: 'eve' })).toMatchObject({
      kind: 'append',
      entries: [{ who: 'eve' }],
    });
    expect(talk.do({ type: 'join', who: 'eve' })).toEqual({ kind: 'append', entries: [] });
    const closed = start();
    expect(closed.do({ type: 'join', who: 'bob' })).toEqual({ kind: 'append', entries: [] });
  });

  it('a member that has left cannot join again by itself', () => {
    const talk = start();
    talk.do({ type: 'join', who: 'eve', as: 'operator' });
    talk.do({ type: 'leave', who: 'eve' });
    expect(talk.do({ type: 'join', who: 'eve' })).toMatchObject({ code: 'forbidden' });
  });

  it('a name that is no member is told nothing of the conversation, neither its turns nor its ending', () => {
    const talk = start();
    const asked = [
      { type: 'say', from: 'eve', text: 'x' },
      { type: 'say', from: 'eve', turn: 1, attempt: 1, text: 'x' },
      { type: 'pass', from: 'eve', turn: 9, attempt: 1, reason: 'declined' },
      { type: 'bid', from: 'eve', turn: 1, attempt: 1, score: 1 },
      { type: 'summarise', who: 'eve', through: 1, text: 'x' },
      { type: 'leave', who: 'eve' },
    ] as const;
    for (const command of asked) {
      const code = 'turn' in command ? 'not-your-turn' : 'not-a-member';
      expect(talk.do(command)).toMatchObject({ code });
    }
    talk.do({ type: 'end', by: 'op' });
    for (const command of asked) expect(JSON.stringify(talk.do(command))).not.toContain('operator');
    expect(talk.do({ type: 'join', who: 'eve' })).toMatchObject({ code: 'forbidden' });
  });

  it('a member that has left is still told the entry of its accepted answer', () => {
    const talk = new Talk({ members: ['ann', 'bob', 'eve'], policy: 'round-robin' });
    talk.say();
    talk.do({ type: 'leave', who: 'ann' });
    expect(talk.do({ type: 'say', from: 'ann', turn: 1, attempt: undefined, text: 'a line' })).toMatchObject({
      kind: 'repeat',
    });
  });
});

describe('an operator', () => {
  it('an operator steps one message, takes a seat and gives it back, and speaks without being a member', () => {
    const talk = new Talk({ policy: 'round-robin' });
    talk.do({ type: 'pause', by: 'op' });
    talk.do({ type: 'resume', by: 'op', lines: 1 });
    talk.say();
    expect(talk.last).toMatchObject({ type: 'paused', by: 'op' });
    talk.do({ type: 'resume', by: 'op' });
    talk.do({ type: 'seat', who: 'bob', by: 'op' });
    expect(talk.say('the program')).toMatchObject({ kind: 'refuse', code: 'not-your-turn' });
    talk.do({ type: 'say', from: 'bob', text: 'the person', as: { seat: 'op' } });
    expect(talk.last).toMatchObject({ type: 'said', from: 'bob', text: 'the person', floor: ['ann'] });
    talk.do({ type: 'unseat', who: 'bob', by: 'op' });
    talk.do({ type: 'say', from: 'op', text: 'a word from the chair', as: 'operator' });
    expect(talk.last).toMatchObject({ type: 'said', from: 'op', floor: ['ann'] });
  });

  it('an operator forks at an entry: the earlier messages are shared, the later ones are not', () => {
    const talk = new Talk({ cast: [{ name: 'bob', model: 'small' }] });
    talk.say('one');
    const parent = talk.state as NonNullable<typeof talk.state>;
    const fork = new Talk();
    Object.assign(fork, { state: undefined });
    fork.do({ type: 'fork', by: 'op', parent, cast: [{ name: 'bob', model: 'large' }], limits: limits() });
    expect(fork.last).toMatchObject({
      type: 'forked',
      seq: 3,
      parent: { conversation: 'c1', seq: 2 },
      floor: ['bob'],
    });
    expect(fork.state?.cast.get('bob')).toMatchObject({ model: 'large' });
    expect(fork.state?.turnsTaken).toBe(1);
  });
});
